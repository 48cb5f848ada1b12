from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from commonwatch.base.accounts.models import Role
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.detection.exports.benign import Protected, named
from commonwatch.capabilities.detection.exports.building import Export, export, report_bytes
from commonwatch.capabilities.detection.exports.entries import Asked
from commonwatch.capabilities.detection.exports.forms import FORMS
from commonwatch.capabilities.detection.exports.overrides import allow, forbid
from commonwatch.capabilities.detection.exports.writing import SIDS, allocated
from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.values import Kind, Value
from tests.base.intake.test_quarantine import take
from tests.capabilities.partners import PATIENCE, indicator

PAP_GREEN = "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9"
PAP_AMBER = "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab"
PAP_RED = "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e"
ALL = (
    "[ipv4-addr:value = '8.8.4.4' OR ipv6-addr:value = '2a00:1450::1' OR ipv4-addr:value ISSUBSET '9.9.9.0/24']",
    "[domain-name:value = 'Bad-Name.com.']",
    "[url:value = 'http://evil-site.com/a;b|\"c?d=1']",
    f"[file:hashes.'SHA-256' = '{'ab' * 32}']",
)


def sign(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    return {**indicator(number), "pattern": pattern, **more}


def made(form: str, folder: Path, **more: Any) -> Export:
    reader = operator("test")
    return export(reader, collection(reader, "main"), Asked(FORMS[form], now_us(), **more), folder)


def body(form: str, folder: Path) -> str:
    return made(form, folder).files[FORMS[form].file].decode("ascii")


def rows(form: str, folder: Path) -> list[str]:
    return [line for line in body(form, folder).splitlines() if not line.startswith("#")]


def codes(form: str, folder: Path, **more: Any) -> list[str]:
    return [one.code for one in made(form, folder, **more).left_out]


def test_every_list_holds_its_values_once_in_order_and_canonical(ready: Path, tmp_path: Path) -> None:
    take(*(sign(number, pattern) for number, pattern in enumerate(ALL + ALL, 1)))
    assert rows("addresses", tmp_path) == ["2a00:1450::1", "8.8.4.4", "9.9.9.0/24"]
    assert rows("names", tmp_path) == ["bad-name.com"]
    assert rows("hashes", tmp_path) == ["ab" * 32]
    assert rows("hosts", tmp_path) == ["0.0.0.0 bad-name.com", ":: bad-name.com"]
    for form in FORMS:
        assert made(form, tmp_path).files == made(form, tmp_path).files


def test_expired_future_revoked_and_uncertain_indicators_stay_out(ready: Path, tmp_path: Path) -> None:
    pattern = "[domain-name:value = 'bad-name.com']"
    take(
        sign(1, pattern, valid_until="2026-01-02T00:00:00Z"),
        sign(2, pattern, valid_from="2100-01-01T00:00:00Z"),
        sign(3, pattern, revoked=True),
        sign(4, pattern, indicator_types=["benign"]),
        sign(5, pattern, confidence=30),
        sign(6, pattern),
    )
    found = made("names", tmp_path, min_confidence=50)
    assert [one.code for one in found.left_out] == [
        "expired", "not-yet-valid", "revoked", "benign", "confidence", "confidence",
    ]  # fmt: skip
    assert found.values == 0


@pytest.mark.parametrize(
    ("marking", "forms"),
    [(PAP_GREEN, {"names", "rpz", "zeek", "suricata"}), (PAP_AMBER, {"zeek", "suricata"}), (PAP_RED, set[str]())],
)
def test_the_permissible_actions_decide_which_formats_hold_it(
    ready: Path, tmp_path: Path, marking: str, forms: set[str]
) -> None:
    take(sign(1, "[domain-name:value = 'bad-name.com']", object_marking_refs=[marking]))
    given = {form for form in ("names", "rpz", "zeek", "suricata") if made(form, tmp_path).values}
    assert given == forms


PROTECTED = [
    ("[ipv4-addr:value ISSUBSET '0.0.0.0/0']", "too-wide"),
    ("[ipv4-addr:value = '10.1.2.3']", "private"),
    ("[ipv6-addr:value = 'fe80::1']", "private"),
    ("[ipv4-addr:value = '0.0.0.0']", "private"),
    ("[domain-name:value = 'com']", "public-suffix"),
    ("[domain-name:value = 'co.uk']", "public-suffix"),
    ("[domain-name:value = 'mail.our-org.org']", "own"),
    ("[domain-name:value = 'our-org.org']", "own"),
    ("[domain-name:value = 'popular.com']", "benign"),
    ("[ipv4-addr:value ISSUBSET '93.184.0.0/16']", "own"),
]


@pytest.mark.parametrize(("pattern", "code"), PROTECTED)
def test_what_is_protected_goes_only_with_a_recorded_word(ready: Path, tmp_path: Path, pattern: str, code: str) -> None:
    (tmp_path / "own.txt").write_text("our-org.org # ours\n93.184.216.0/24\n")
    (tmp_path / "public-suffixes.dat").write_text("// suffixes\ncom\nco.uk\n*.ck\n!www.ck\n")
    (tmp_path / "benign").mkdir()
    (tmp_path / "benign" / "top.json").write_text('{"name": "top", "type": "hostname", "list": ["popular.com"]}')
    take(sign(1, pattern), sign(2, "[ipv4-addr:value = '8.8.4.4' OR domain-name:value = 'sub.popular.com']"))
    form = "addresses" if "ip" in pattern[:5] else "names"
    found = made(form, tmp_path)
    assert found.values == 1
    left = next(one for one in found.left_out if one.code == code)
    if code == "too-wide":
        with pytest.raises(InvalidInput):
            allow(tmp_path, left.value, "Somebody really wants this", actor="ada", now_us=now_us())
        return
    allow(tmp_path, left.value, "Agreed with its owner", actor="ada", now_us=now_us())
    again = made(form, tmp_path)
    assert again.values == 2 and again.allowed == (left.value,)
    assert AuditEntry.objects.filter(action="export.allow", subject=left.value).count() == 1
    forbid(tmp_path, left.value, actor="ada", now_us=now_us())
    assert made(form, tmp_path).values == 1


HOSTILE = [
    "x.com\\n0.0.0.0 google.com",
    "x.com CNAME good.com.",
    "x.com; drop",
    "\u202emoc.x",
    "=cmd|' /C calc'!A0",
    "$INCLUDE /etc/passwd",
    "x.com\t0",
    "-x.com",
    'a".com',
]


@pytest.mark.parametrize("form", sorted(name for name, each in FORMS.items() if not each.pattern))
def test_hostile_values_are_inert_in_every_format(ready: Path, tmp_path: Path, form: str) -> None:
    for number, text in enumerate(HOSTILE, 1):
        quoted = text.replace("\\n", "\n").replace("\\", "\\\\").replace("'", "\\'")
        take(
            sign(number, f"[domain-name:value = '{quoted}']"),
            sign(number + 50, f"[url:value = 'http://bad-name.com/{quoted}']"),
            sign(number + 99, f"[file:name = '{quoted}']"),
        )
    for content in made(form, tmp_path).files.values():
        text = content.decode("ascii")
        assert all(each.isprintable() or each in "\n\t" for each in text)
        for line in text.splitlines():
            assert not line.startswith(("=", "+", "-", "@g", "$I")) and "google.com" not in line.split()
            if line.startswith("alert"):
                assert line.count('"') % 2 == 0 and line.endswith("rev:1;)") and "drop" not in line.split(" any")[0]


def test_rule_numbers_are_local_stable_and_never_shared() -> None:
    keys = [f"http://h{number}.example/" for number in range(20_000)]
    numbers = allocated(keys)
    assert len(set(numbers.values())) == len(keys) and set(numbers.values()) <= set(SIDS)
    fewer = allocated(keys[:50])
    assert sum(numbers[key] == fewer[key] for key in fewer) >= 48


@pytest.mark.skipif(shutil.which("named-checkzone") is None, reason="bind9-utils is not installed")
def test_a_real_name_server_takes_the_zone(ready: Path, tmp_path: Path) -> None:
    take(
        *(sign(number, pattern) for number, pattern in enumerate(ALL, 1)),
        sign(9, f"[domain-name:value = '{'a' * 70}.com']"),
    )
    zone = tmp_path / "rpz.zone"
    zone.write_text(body("rpz", tmp_path))
    done = subprocess.run(["named-checkzone", "rpz.local", str(zone)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "32.4.4.8.8.rpz-ip IN CNAME ." in zone.read_text()


YARA = 'rule one { strings: $a = "evil" condition: $a }'
SIGMA = """title: one
id: 5af54681-df95-4c26-854f-2565e13cfab0
logsource: {product: windows, category: process_creation}
detection: {selection: {Image: evil.exe}, condition: selection}
"""


def test_bundles_hold_what_the_real_engines_take(ready: Path, tmp_path: Path) -> None:
    import yara_x
    from sigma.collection import SigmaCollection

    take(
        sign(1, YARA, pattern_type="yara"), sign(2, YARA, pattern_type="yara"),
        sign(3, "rule broken {", pattern_type="yara"), sign(4, 'include "/etc/passwd"', pattern_type="yara"),
        sign(5, YARA.replace("one", "two\u202e"), pattern_type="yara"),
        sign(6, SIGMA, pattern_type="sigma"), sign(7, SIGMA, pattern_type="sigma"),
        sign(8, "a: &x [1]\nb: *x\n", pattern_type="sigma"), sign(9, "title: [", pattern_type="sigma"),
    )  # fmt: skip
    bundle = made("yara", tmp_path)
    yara_x.compile(bundle.files["yara.yar"].decode())
    assert bundle.values == 1 and [one.code for one in bundle.left_out].count("rule") == 4
    rules = made("sigma", tmp_path)
    assert len(SigmaCollection.from_yaml(rules.files["sigma.yml"].decode()).rules) == 1 == rules.values
    assert [one.code for one in rules.left_out].count("rule") == 3


def test_the_report_says_what_was_left_out_and_never_holds_hostile_text(ready: Path, tmp_path: Path) -> None:
    take(
        sign(1, "[domain-name:value = '\u202ex\u0007']"),
        sign(2, "[domain-name:value = 'a.com' AND domain-name:value = 'b.com']"),
    )
    report = report_bytes(made("names", tmp_path)).decode("ascii")
    assert '"malformed"' in report and '"no-values"' in report


def test_names_below_a_benign_one_are_not_benign() -> None:
    guard = Protected(named([]), named([("top", ["www.popular.com"])]), frozenset())
    assert guard.reason(Value(Kind.HOST, "evil.www.popular.com")) is None
    assert guard.reason(Value(Kind.HOST, "popular.com")) == (
        "benign",
        "popular.com stands above a name on the list top",
    )


def test_a_feed_is_for_who_asks_and_says_when_nothing_changed(client: Callable[..., httpx2.Client]) -> None:
    take(sign(1, "[domain-name:value = 'bad-name.com']"))
    reader = client(role=Role.OPERATOR)
    first = reader.get("/feeds/main/names.txt")
    assert first.status_code == 200 and first.text.endswith("bad-name.com\n") and "last-modified" in first.headers
    again = reader.get("/feeds/main/names.txt", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    take(sign(2, "[domain-name:value = 'worse-name.com']"))
    third = reader.get("/feeds/main/names.txt", headers={"If-None-Match": first.headers["etag"]})
    assert third.status_code == 200 and "worse-name.com" in third.text
    assert reader.get("/feeds/main/names.report.json").json()["values"] == 2
    assert reader.get("/feeds/main/nothing.txt").status_code == 404
    assert reader.get("/feeds/none-such/names.txt").status_code == 404
    assert reader.post("/feeds/main/names.txt").status_code == 405
    assert reader.get("/feeds/main/names.txt?min_confidence=x").status_code == 400
    bare = httpx2.get(f"{reader.base_url}/feeds/main/names.txt", timeout=PATIENCE)
    assert bare.status_code == 401 and "www-authenticate" in bare.headers
