"""Which patterns are mere lists of values."""

from __future__ import annotations

import pytest

from commonwatch.core.patterns.stix.plain import plain_values
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.values import Kind, Value


def values(text: str) -> tuple[Value, ...] | None:
    reading = parse(text)
    assert reading.pattern is not None, reading.problem
    return plain_values(reading.pattern)


@pytest.mark.parametrize(
    ("test", "kind", "text"),
    [
        ("ipv4-addr:value = '198.51.100.7'", Kind.ADDRESS, "198.51.100.7"),
        ("ipv4-addr:value = '198.51.100.7/32'", Kind.ADDRESS, "198.51.100.7"),
        ("ipv6-addr:value = '2001:DB8::1'", Kind.ADDRESS, "2001:db8::1"),
        ("ipv4-addr:value ISSUBSET '198.51.100.0/24'", Kind.NETWORK, "198.51.100.0/24"),
        ("ipv6-addr:value ISSUBSET '2001:db8::1/128'", Kind.ADDRESS, "2001:db8::1"),
        ("domain-name:value = 'host.example'", Kind.HOST, "host.example"),
        ("url:value = 'https://host.example/a'", Kind.URL, "https://host.example/a"),
        ("file:hashes.MD5 = 'aa'", Kind.MD5, "aa"),
        ("file:hashes.'SHA-1' = 'aa'", Kind.SHA1, "aa"),
        ("artifact:hashes.'SHA-256' = 'aa'", Kind.SHA256, "aa"),
        ("file:hashes.SHA512 = 'aa'", Kind.SHA512, "aa"),
        ("file:hashes.imphash = 'aa'", Kind.IMPHASH, "aa"),
        ("file:name = 'x.exe'", Kind.FILE_NAME, "x.exe"),
        ("email-addr:value = 'a@host.example'", Kind.EMAIL, "a@host.example"),
        ("mutex:name = 'm'", Kind.MUTEX, "m"),
        ("windows-registry-key:key = 'HKLM\\\\x'", Kind.REGISTRY_KEY, "HKLM\\x"),
        ("x509-certificate:serial_number = '01'", Kind.CERTIFICATE_SERIAL, "01"),
        ("x509-certificate:hashes.'SHA-256' = 'aa'", Kind.CERTIFICATE, "aa"),
        (
            "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'u'",
            Kind.USER_AGENT,
            "u",
        ),
    ],
)
def test_a_value_of_each_kind_is_plain(test: str, kind: Kind, text: str) -> None:
    assert values(f"[{test}]") == (Value(kind, text),)


def test_lists_and_ors_of_values_are_plain_and_named_once() -> None:
    found = values(
        "[domain-name:value IN ('a.example', 'b.example')] OR ([url:value = 'u' OR domain-name:value = 'a.example'])"
    )
    assert found == (Value(Kind.HOST, "a.example"), Value(Kind.HOST, "b.example"), Value(Kind.URL, "u"))


@pytest.mark.parametrize(
    "pattern",
    [
        "[domain-name:value != 'a.example']",
        "[domain-name:value NOT IN ('a.example')]",
        "[domain-name:value LIKE '%.example']",
        "[domain-name:value IN ()]",
        "[domain-name:value = 'a.example' AND domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
        "[domain-name:value = 'a.example'] WITHIN 5 SECONDS",
        "[domain-name:value = 'a.example'] REPEATS 2 TIMES",
        "[file:size = 3]",
        "[process:command_line = 'x']",
        "[network-traffic:dst_ref.value = '198.51.100.7']",  # says on which side
        "[email-message:from_ref.value = 'a@host.example']",  # says in which role
        "[ipv4-addr:value = '198.51.100.0/24']",  # true only of an observation that names this network
        "[ipv4-addr:value = '2001:db8::1']",  # never true
        "[ipv4-addr:value = 'host.example']",
        "[domain-name:value ISSUBSET '198.51.100.0/24']",
        "[ipv4-addr:value ISSUPERSET '198.51.100.0/24']",
    ],
)
def test_what_says_more_than_that_a_value_occurs_is_not_plain(pattern: str) -> None:
    assert values(pattern) is None
