from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.plain import Line, read_lines, refanged
from commonwatch.core.patterns.values import Kind, Value

READ = [
    ("8.8.8.8", Kind.ADDRESS, "8.8.8.8"),
    ("77.90.185.20\t10", Kind.ADDRESS, "77.90.185.20"),
    ("8.8.8[.]8", Kind.ADDRESS, "8.8.8.8"),
    ("45.66.248.189:443 # controller", Kind.ENDPOINT, "45.66.248.189:443"),
    ("[2606:4700::1]:443", Kind.ENDPOINT, "[2606:4700::1]:443"),
    ("45.66.248.0/24", Kind.NETWORK, "45.66.248.0/24"),
    ("evil[.]example", Kind.DOMAIN, "evil.example"),
    ("*.evil.example", Kind.DOMAIN, "evil.example"),
    ("0.0.0.0 ads.evil.example", Kind.DOMAIN, "ads.evil.example"),
    ("bad.evil (dot) example", Kind.DOMAIN, "bad.evil.example"),
    ("hxxps[://]evil[.]example/a", Kind.URL, "https://evil.example/a"),
    ("hXXp://evil.example", Kind.URL, "http://evil.example/"),
    ("evil.example/gate.php", Kind.URL, "evil.example/gate.php"),
    ("A@evil.example", Kind.EMAIL, "a@evil.example"),
    ("user[at]evil[.]example", Kind.EMAIL, "user@evil.example"),
    ("D41D8CD98F00B204E9800998ECF8427F;remark, with more", Kind.MD5, "d41d8cd98f00b204e9800998ecf8427f"),
    ('"evil.example"', Kind.DOMAIN, "evil.example"),
]
REFUSED = [
    ("co.jp", "public-suffix"),
    ("com", "line-unread"),
    ("github.io", "public-suffix"),
    ("192.168.1.1", "address-not-public"),
    ("10.0.0.1:443", "address-not-public"),
    ("127.0.0.0/8", "address-not-public"),
    ("8.0.0.0/8", "address-not-public"),
    ("WCESERVICE", "line-unread"),
    ("\\\\usbclass\\.sys;80", "line-unread"),
    ("x" * 20_000, "line-too-long"),
]


@pytest.mark.parametrize(("text", "kind", "written"), READ)
def test_a_line_is_read_as_it_was_meant(text: str, kind: Kind, written: str) -> None:
    assert list(read_lines(["", "# remark", text])) == [Line(3, Value(kind, written))]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_what_is_no_indicator_is_said_with_its_line(text: str, code: str) -> None:
    (line,) = read_lines([text])
    assert line.value is None
    assert line.finding is not None
    assert (line.finding.code, line.finding.place) == (code, "/1")


def test_a_name_with_a_port_is_that_host_and_the_port_is_said_to_be_passed_over() -> None:
    (line,) = read_lines(["evil.example:8080"])
    assert line.value == Value(Kind.HOST, "evil.example")
    assert line.finding is not None and line.finding.code == "port-passed-over"


def test_one_column_of_a_csv_file_is_read_by_its_name() -> None:
    lines = ["\ufeffdate,URL,description\n", '2026-01-01,"hxxp://evil.example/a,b",text\n', "short\n"]
    assert list(read_lines(lines, column="url")) == [Line(2, Value(Kind.URL, "http://evil.example/a,b"))]
    (line,) = read_lines(lines, column="hash")
    assert line.finding is not None and "date, url, description" in line.finding.sentence


@given(st.text(max_size=80))
def test_any_line_gives_canonical_values_or_a_finding(text: str) -> None:
    for line in read_lines([text]):
        assert line.value is not None or line.finding is not None
        if line.value is not None:
            assert canonical(line.value.kind, line.value.text) == line.value.text


def test_defanging_is_undone_only_where_it_was_done() -> None:
    assert refanged("http://example.org/a(b)[c]") == "http://example.org/a(b)[c]"


def test_nearly_every_line_of_published_lists_is_read(shared: Path) -> None:
    counts: Counter[str] = Counter()
    for name in ("ipsum/levels-5.txt", "threatfox-ips/ips.txt", "tor/tor-nodes.lst", "maltrail-trails/trickbot.txt",
                 "maltrail-trails/quasarrat.txt", "phishing-database/phishing-domains-ACTIVE2.txt"):  # fmt: skip
        with (shared / "intel/indicators" / name).open(encoding="utf-8", errors="replace") as file:
            for line in read_lines(file):
                counts["read" if line.value else line.finding.code if line.finding else ""] += 1
    assert counts["read"] > 40_000
    assert sum(counts.values()) - counts["read"] < counts["read"] / 100
