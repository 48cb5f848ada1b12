"""Mapping files: ours are sound, a user's replace them, and a wrong one is refused with file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.capabilities.detection.telemetry.mappings import FORMATS, TYPES, load, mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.taking import TAKEN
from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.values import Kind


def test_all_shipped_mappings_load_and_none_shares_its_signs() -> None:
    ours = mappings()
    assert {"zeek-conn", "zeek-dns", "zeek-http", "suricata-eve", "windows", "ecs", "ocsf", "syslog"} <= set(ours)
    signs = [(m.signs.paths, m.signs.keys, m.signs.header) for m in ours.values() if m.signs.keys or m.signs.header]
    assert len(set(signs)) == len(signs)


def test_columns_say_what_they_are_matched_with() -> None:
    conn = mappings()["zeek-conn"]
    assert conn.kinds() == {"id_orig_h": Kind.ADDRESS, "id_resp_h": Kind.ADDRESS}
    responder = conn.named("id_resp_h")
    assert responder is not None
    assert responder.source == "id.resp_h"
    assert responder.port == "id_resp_p"
    assert "network-traffic:dst_ref.value" in responder.stix
    assert conn.logsource == {"product": "zeek", "service": "conn"}


def test_a_folder_adds_mappings_and_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "proxy.toml").write_text('name = "proxy"\nformat = "csv"\n[columns]\nc_ip = { kind = "address" }\n')
    (tmp_path / "conn.toml").write_text('name = "zeek-conn"\nextends = "zeek"\ntitle = "Mine"\n')
    found = mappings(tmp_path)
    assert found["proxy"].kinds() == {"c_ip": Kind.ADDRESS}
    assert found["zeek-conn"].title == "Mine"
    assert found["zeek-conn"].time == ("ts",)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("name = [", "", "is not TOML"),
        ('title = "x"', "name", "has to be a word"),
        ('name = "a"\nnonsense = 1', "nonsense", "is not a key"),
        ('name = "a"', "columns", "is empty"),
        ('name = "a"\nformat = "xml"\nopen = true', "format", "is 'xml'"),
        ('name = "a"\nopen = "yes"', "open", "true or false"),
        ('name = "a"\n[columns]\nx = { kind = "ip" }', "columns.x.kind", "is 'ip'"),
        ('name = "a"\n[columns]\nx = { type = "float" }', "columns.x.type", "is 'float'"),
        ('name = "a"\n[columns]\nx = { kind = "address", port = "p" }', "columns.x.port", "names no integer column"),
        ('name = "a"\n[columns]\n"x.y" = {}', "columns.x.y", "is no name"),
        ('name = "a"\n[columns]\ntime = {}', "columns.time", "is no name"),
        ('name = "a"\n[columns]\nx = { take = "hosts" }', "columns.x", "needs both"),
        ('name = "a"\n[columns]\nx = { take = "hosts", of = ["y"] }', "columns.x.of", "names no column"),
        ('name = "a"\n[columns]\nx = 5', "columns.x", "has to be a table"),
        ('name = "a"\nextends = "a"', "extends", "is not there or extends"),
        ('name = "a"\nlogsource = { vendor = "x" }\nopen = true', "logsource.vendor", "is not a key"),
        ('name = "a"\nopen = true\n[signs]\nkeys = 3', "signs.keys", "has to be a text or a list"),
    ],
)
def test_a_wrong_mapping_is_refused_with_file_key_and_remedy(tmp_path: Path, text: str, key: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        load(path, tmp_path)
    assert said in refused.value.sentence
    assert refused.value.data["file"] == str(path)
    assert refused.value.data["key"] == key
    assert refused.value.advice


def test_two_mappings_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\nextends = "b"\nopen = true\n')
    (tmp_path / "b.toml").write_text('name = "b"\nextends = "a"\nopen = true\n')
    with pytest.raises(InvalidInput, match="extends"):
        mappings(tmp_path)


PAGE = Path(__file__).parents[4] / "docs" / "telemetry.md"


def test_the_mapping_in_the_documents_reads_a_log(tmp_path: Path) -> None:
    example = PAGE.read_text().split("```toml\n")[1].split("```")[0]
    (tmp_path / "proxy.toml").write_text(example)
    log = tmp_path / "access"
    log.write_text("when;client;client_port;address;user agent\n1700000000;192.0.2.1;5;http://a.example/x;curl\n")
    known = mappings(tmp_path).values()
    (batch,) = read(log, known=known)
    assert batch.mapping.name == "proxy"
    assert batch.events.to_pylist() == [
        {
            "time": 1_700_000_000_000_000,
            "record": 2,
            "client": "192.0.2.1",
            "client_port": 5,
            "address": "http://a.example/x",
            "agent": "curl",
            "host": "a.example",
        }
    ]


def test_the_documents_name_every_mapping_format_type_kind_and_way_of_taking() -> None:
    page = PAGE.read_text()
    telemetry_kinds = {kind for mapping in mappings().values() for kind in mapping.kinds().values()}
    words = {*FORMATS, *TYPES, *TAKEN, *telemetry_kinds}
    assert [word for word in sorted(words) if word not in page] == []
    for name in ("zeek", "suricata-eve", "ecs", "ocsf", "windows", "netflow-argus", "syslog"):
        assert f"`{name}`" in page
