"""Settings: where each value comes from, and what is wrong with those that cannot be used."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from commonwatch.base.config import explain, load
from commonwatch.base.config.settings import NodeSettings, secret_key
from commonwatch.core.errors import NodeUnable


def refused(data: Path, **environ: str) -> NodeUnable:
    with pytest.raises(NodeUnable) as caught:
        load(data, environ)
    return caught.value


def test_the_defaults_are_those_of_a_node_that_only_this_machine_reaches(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert settings.host == "127.0.0.1" and settings.default_marking == "TLP:AMBER"
    assert settings.outbound_networks == [] == settings.trusted_proxies and not settings.client_certificate_header


def test_environment_beats_a_named_file_beats_toml_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / "commonwatch.toml").write_text('port = 1111\nhost = "192.0.2.1"\npage_limit = 5\n')
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n")
    environ = {
        "COMMONWATCH_PORT": "2222",
        "COMMONWATCH_DATABASE_URL_FILE": str(tmp_path / "url"),
        "COMMONWATCH_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.0/24",
        "PATH": "/usr/bin",
    }
    settings = load(tmp_path, environ)
    assert (settings.port, settings.host, settings.page_limit) == (2222, "192.0.2.1", 5)
    assert settings.database_url == SecretStr("postgresql://u:p@h/d")
    assert settings.trusted_proxies == ["10.0.0.0/8", "192.0.2.0/24"]
    origins = {row.name: row.origin for row in explain(settings, environ)}
    assert origins["port"] == "$COMMONWATCH_PORT" and origins["host"] == str(tmp_path / "commonwatch.toml")
    assert "named by $COMMONWATCH_DATABASE_URL_FILE" in origins["database_url"] and origins["guess_limit"] == "default"
    assert load(tmp_path, {**environ, "COMMONWATCH_DATABASE_URL": ""}).database_url == SecretStr("")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    environ = {"COMMONWATCH_SECRET_KEY": "hunter2", "COMMONWATCH_DATABASE_URL": "postgresql://u:hunter2@h/d"}
    assert "hunter2" not in str(explain(load(tmp_path, environ), environ)) + repr(load(tmp_path, environ))


def test_a_name_that_is_no_setting_is_an_error_with_the_nearest_one(tmp_path: Path) -> None:
    error = refused(tmp_path, COMMONWATCH_PROT="1")
    assert error.code == "settings-unknown" and "port" in error.advice and "$COMMONWATCH_PROT" in error.sentence
    (tmp_path / "commonwatch.toml").write_text("colour = 'red'\n")
    assert "commonwatch settings" in refused(tmp_path).advice


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "70000"), ("PAGE_LIMIT", "0"), ("PAGE_LIMIT", "20000"), ("MAX_BODY_BYTES", "1")],
)
def test_a_value_that_cannot_be_is_named_with_its_place(tmp_path: Path, name: str, value: str) -> None:
    error = refused(tmp_path, **{f"COMMONWATCH_{name}": value})
    assert error.code == "settings-invalid" and name.lower() in error.sentence and "$COMMONWATCH_" in error.sentence


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path, COMMONWATCH_SECRET_KEY_FILE="/nowhere/key").code == "settings-file"
    (tmp_path / "commonwatch.toml").write_text("port = = 1\n")
    assert "commonwatch.toml" in refused(tmp_path).sentence


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = NodeSettings(data=tmp_path / "new")  # type: ignore[call-arg]
    key = secret_key(settings)
    path = tmp_path / "new" / "secret.key"
    assert len(key) > 40 and secret_key(settings) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert secret_key(load(tmp_path, {"COMMONWATCH_SECRET_KEY": "mine"})) == "mine"
