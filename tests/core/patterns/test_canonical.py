from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.patterns.canonical import canonical, observed, split_endpoint, without_scheme
from commonwatch.core.patterns.values import Kind, Value

WRITTEN = [
    (Kind.ADDRESS, " 192.0.2.1 ", "192.0.2.1"),
    (Kind.ADDRESS, "2001:DB8:0:0::0001", "2001:db8::1"),
    (Kind.ADDRESS, "::ffff:192.0.2.1", "192.0.2.1"),
    (Kind.ADDRESS, "[2001:db8::1]", "2001:db8::1"),
    (Kind.ADDRESS, "fe80::1%eth0", "fe80::1"),
    (Kind.NETWORK, "fe80::1%eth0/64", "fe80::/64"),
    (Kind.NETWORK, "192.0.2.77/24", "192.0.2.0/24"),
    (Kind.NETWORK, "192.0.2.0/255.255.255.0", "192.0.2.0/24"),
    (Kind.NETWORK, "2001:DB8::1/32", "2001:db8::/32"),
    (Kind.ENDPOINT, "192.0.2.1:0443", "192.0.2.1:443"),
    (Kind.ENDPOINT, "[2001:DB8::1]:53", "[2001:db8::1]:53"),
    (Kind.HOST, "WWW.Example.ORG.", "www.example.org"),
    (Kind.DOMAIN, "Bücher.example", "xn--bcher-kva.example"),
    (Kind.DOMAIN, "straße.example", "xn--strae-oqa.example"),
    (Kind.DOMAIN, "例え。テスト", "xn--r8jz45g.xn--zckzah"),
    (Kind.DOMAIN, "_dmarc.example.org", "_dmarc.example.org"),
    (Kind.DOMAIN, "💩.example", "xn--ls8h.example"),
    (Kind.URL, "HTTP://Example.ORG:80", "http://example.org/"),
    (Kind.URL, "https://example.org:8443/a/../b/./c#top", "https://example.org:8443/b/c"),
    (Kind.URL, "http://example.org/%7euser/%2e%2E/x%2fy?q=%c3%a4 b", "http://example.org/x%2Fy?q=%C3%A4%20b"),
    (Kind.URL, "http:\\\\example.org\\a", None),
    (Kind.URL, "http://example.org\\a", "http://example.org/a"),
    (Kind.URL, "http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a"),
    (Kind.URL, "Example.org/Path", "example.org/Path"),
    (Kind.URL, "http://user@Example.org/", "http://user@example.org/"),
    (Kind.URL, "TCP://x", "tcp://x"),
    (Kind.MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
    (Kind.CERTIFICATE, "AA:" * 19 + "AA", "aa" * 20),
    (Kind.CERTIFICATE_SERIAL, "00:AB:01", "ab01"),
    (Kind.EMAIL, "<A.User@Example.org>", "a.user@example.org"),
    (Kind.FILE_NAME, "C:\\Temp\\Evil.EXE", "evil.exe"),
    (Kind.FILE_PATH, "C:\\Temp\\Evil.EXE", "c:\\temp\\evil.exe"),
    (Kind.REGISTRY_KEY, "HKEY_LOCAL_MACHINE\\Software\\X\\", "hklm\\software\\x"),
    (Kind.REGISTRY_KEY, "\\REGISTRY\\MACHINE\\Software\\X", "hklm\\software\\x"),
    (Kind.JA4, "T13D1516H2_8DAAF6152771_B186095E22B6", "t13d1516h2_8daaf6152771_b186095e22b6"),
    (Kind.USER_AGENT, " Mozilla/5.0 ", "Mozilla/5.0"),
]
NO_VALUES = [
    (Kind.ADDRESS, "192.0.2.010"),
    (Kind.ADDRESS, "192.0.2.1:80"),
    (Kind.ENDPOINT, "192.0.2.1:0"),
    (Kind.ENDPOINT, "2001:db8::1:443"),
    (Kind.HOST, "192.0.2.1"),
    (Kind.HOST, "a b.example"),
    (Kind.HOST, "a..example"),
    (Kind.URL, "http:///"),
    (Kind.URL, "http://example.org:99999/"),
    (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427"),
    (Kind.EMAIL, "nobody"),
    (Kind.FILE_NAME, "folder/"),
    (Kind.URL, "http://example.org/" + "a" * 10_000),
]


@pytest.mark.parametrize(("kind", "text", "written"), WRITTEN)
def test_every_kind_is_written_in_one_way(kind: Kind, text: str, written: str | None) -> None:
    assert canonical(kind, text) == written


@pytest.mark.parametrize(("kind", "text"), NO_VALUES)
def test_what_is_no_value_of_a_kind_has_no_canonical_form(kind: Kind, text: str) -> None:
    assert canonical(kind, text) is None


@given(st.sampled_from(Kind), st.text(max_size=60))
def test_a_canonical_text_is_its_own_canonical_form(kind: Kind, text: str) -> None:
    written = canonical(kind, text)
    assert written is None or canonical(kind, written) == written


@given(st.from_regex(r"(?i)https?://[a-z0-9.]{1,9}(:[0-9]{1,5})?[/?#%.\\ -~]{0,30}", fullmatch=True))
def test_a_canonical_url_is_its_own_canonical_form(text: str) -> None:
    written = canonical(Kind.URL, text)
    assert written is None or canonical(Kind.URL, written) == written


def test_a_host_field_may_hold_an_address_or_a_port() -> None:
    assert observed(Kind.HOST, "Example.org:8080") == Value(Kind.HOST, "example.org")
    assert observed(Kind.HOST, "192.0.2.1") == Value(Kind.ADDRESS, "192.0.2.1")
    assert observed(Kind.HOST, "[2001:db8::1]:443") == Value(Kind.ADDRESS, "2001:db8::1")
    assert observed(Kind.HOST, "2001:db8::1") == Value(Kind.ADDRESS, "2001:db8::1")
    assert observed(Kind.ADDRESS, "example.org") is None


def test_urls_and_endpoints_come_apart() -> None:
    assert without_scheme("http://example.org/a://b") == ("http", "example.org/a://b")
    assert split_endpoint("[2001:db8::1]:53") == ("2001:db8::1", "53")
