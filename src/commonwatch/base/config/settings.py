"""Where each setting's value comes from: environment, then a secret's file, then `commonwatch.toml`, then the default.

1. `COMMONWATCH_<NAME>` in the environment wins.
2. `COMMONWATCH_<NAME>_FILE` names a file that holds the value (for secrets); its one trailing newline is cut.
3. `<data folder>/commonwatch.toml`, one flat table; `<name>_file` works there too.
4. The default below, which is safe for a node that only this machine can reach.

An unknown name is an error, with the nearest known one: a setting that is silently ignored is a trap.
"""

from __future__ import annotations

import difflib
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from commonwatch.core.errors import NodeUnable

PREFIX = "COMMONWATCH_"
FILE_NAME = "commonwatch.toml"
# Where a value may come from, besides files and variables.
DEFAULT, CHOSEN = "default", "command line or COMMONWATCH_DATA"
_MOST_PROCESSES = 4  # unless told otherwise: each costs some 50 MB
# Set in the environment only: they say where the settings themselves are, or belong to a run of the tests.
NOT_SETTINGS = frozenset({"COMMONWATCH_DATA", "COMMONWATCH_SHARED", "COMMONWATCH_NO_NODE", "COMMONWATCH_TEST_NAME"})


class NodeSettings(BaseModel):
    """Every setting of a node. Descriptions are shown by `commonwatch settings` and checked against the docs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    # Django's settings object looks for this name on every value it gives out; not finding it costs microseconds.
    _mask_wrapped: ClassVar[bool] = True

    data: Path = Field(description="Data folder: database, secret key, lock files, backups. Chosen with --data.")
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that `serve` listens on; 0 takes a free one.")
    web_processes: int = Field(
        0,
        ge=0,
        le=64,
        description="Processes that answer the network; 0 means one for each core, four at most, and one with PostgreSQL.",
    )
    public_url: str = Field(
        "",
        description="Address under which others reach this node, e.g. https://cti.example.org; "
        "links are built from it, never from a request's Host.",
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="postgresql://user:password@host:port/name; empty means SQLite in the data folder."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Key that signs sessions and paging cursors; made at first start in the data folder."
    )
    backup_folder: str = Field(
        "", description="Folder for backups that are made from the console; empty: `backups` in the data folder."
    )
    default_marking: str = Field(
        "TLP:AMBER", description="Handling of objects that carry no marking, where their source sets none."
    )
    max_body_bytes: int = Field(100 * 2**20, ge=1024, description="Largest TAXII request body, decompressed.")
    max_object_bytes: int = Field(8 * 2**20, ge=1024, description="Largest single STIX object.")
    max_archive_bytes: int = Field(2 * 2**30, ge=1024, description="Most bytes that one archive may unpack to.")
    page_limit: int = Field(1000, ge=1, le=10_000, description="Most objects in one TAXII page.")
    max_future_seconds: int = Field(
        86_400, ge=0, description="How far in the future `modified` may lie before an object is held in quarantine."
    )
    trusted_proxies: list[str] = Field(
        [], description="Networks (CIDR) of the TLS terminators whose forwarded headers are believed."
    )
    client_certificate_header: str = Field(
        "",
        description="Header in which a trusted proxy passes the SHA-256 fingerprint of "
        "the verified client certificate; empty turns it off.",
    )
    outbound_networks: list[str] = Field(
        [],
        description="Private networks (CIDR) that sources may be fetched from; everything "
        "that is not public is refused otherwise.",
    )
    peer_certificate: str = Field(
        "",
        description="File (PEM) with the certificate, and those between it and its authority, shown to peers over TLS.",
    )
    peer_certificate_key: str = Field("", description="File (PEM) with that certificate's key.")
    peer_authorities: str = Field(
        "",
        description="File (PEM) with the authorities that peers' certificates must come from; empty: the public ones.",
    )
    peer_behind_minutes: int = Field(
        60,
        ge=1,
        description="How long something may wait for a peer before `doctor` and the log say that it is behind.",
    )
    keep_jobs_days: int = Field(
        30, ge=1, description="How long the worker's jobs stay on record after they were done or given up."
    )
    group_commit_wait_ms: float = Field(
        3.0, ge=0, le=1000, description="Longest that a commit waits for as many batches as came together lately."
    )
    guess_limit: int = Field(
        20, ge=1, description="Failed sign-ins from one address within ten minutes before it has to wait."
    )

    second_factor_roles: list[str] = Field(
        ["operator", "administrator"],
        description="Roles whose people must sign in to the console with a second factor (code or passkey).",
    )
    session_hours: int = Field(12, ge=1, le=720, description="How long a person stays signed in to the console.")
    oidc_issuer: str = Field(
        "", description="Address of the OpenID Connect provider that people may sign in with; empty turns it off."
    )
    oidc_name: str = Field("OpenID Connect", description="Name of that provider on the sign-in page.")
    oidc_client_id: str = Field("", description="This node's name at that provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="This node's secret at that provider.")

    evidence_store: str = Field(
        "",
        description="Where sealed evidence lies: a folder, or s3://bucket/prefix; empty: `evidence` in the data folder.",
    )
    max_evidence_bytes: int = Field(
        16 * 2**30,
        ge=1024,
        description="Largest content of evidence that comes over a page or the API; more on the command line.",
    )
    evidence_s3_url: str = Field(
        "", description="Address of the S3-compatible service that has that bucket, e.g. https://s3.example.org."
    )
    evidence_s3_region: str = Field("us-east-1", description="What that service calls its region.")
    evidence_s3_key_id: str = Field("", description="This node's access key there.")
    evidence_s3_secret: SecretStr = Field(SecretStr(""), description="The secret of that access key.")
    evidence_recipients: list[str] = Field(
        [], description="Public keys (age1...) for which every item of evidence is sealed besides those named with it."
    )
    stamp_authorities: list[str] = Field(
        [],
        description="Time-stamping authorities (RFC 3161) that stamp each act of custody and the record once a day, as name=https://address; two at least.",
    )
    stamp_roots: str = Field(
        "", description="File (PEM) with the root certificates that those authorities' certificates must come from."
    )
    duty_reminders: list[Annotated[int, Field(ge=1, le=99)]] = Field(
        [50, 75, 90], description="After which parts of a notice's time, in per cent, people are reminded of it."
    )

    mail_host: str = Field("", description="Mail server through which digests go to people; empty: none are sent.")
    mail_port: int = Field(587, ge=1, le=65535, description="Port of that server.")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to it is protected: starttls, tls (from the start), or none."
    )
    mail_user: str = Field("", description="This node's name at that server; empty: it asks for none.")
    mail_password: SecretStr = Field(SecretStr(""), description="This node's password at that server.")
    mail_from: str = Field("", description="Address that digests come from, e.g. commonwatch@cti.example.org.")

    @property
    def sends_mail(self) -> bool:
        """Whether digests can be sent: by whom, from whom, and with links that lead back here."""
        return bool(self.mail_host and self.mail_from and self.public_url)

    @property
    def processes(self) -> int:
        """How many processes answer the network."""
        if self.database_url.get_secret_value():
            return self.web_processes or 1  # PostgreSQL uses the other cores: measured, a second process gains nothing
        return self.web_processes or min(os.cpu_count() or 1, _MOST_PROCESSES)


@dataclass(frozen=True)
class Explained:
    """One setting for a person: its value (secrets hidden), where it came from, and what it means."""

    name: str
    value: object
    origin: str
    description: str


def load(data: Path, environ: Mapping[str, str] = os.environ) -> NodeSettings:
    """Read the settings of the node whose data folder is `data`; raises NodeUnable naming file, name and remedy."""
    values, origins = _gather(data, environ)
    try:
        return NodeSettings(data=data, **values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise NodeUnable(
            "settings-invalid",
            f"The setting {name} from {origins.get(name, 'the default')} is not usable: {first['msg']}.",
            "Correct it there; `commonwatch settings` lists every setting.",
        ) from None


def explain(settings: NodeSettings, environ: Mapping[str, str] = os.environ) -> list[Explained]:
    """Each setting with its value and origin, in the order of their definition."""
    _, origins = _gather(settings.data, environ)
    rows = []
    for name, field in NodeSettings.model_fields.items():
        value = getattr(settings, name)
        shown: object = ("(set)" if value.get_secret_value() else "") if isinstance(value, SecretStr) else value
        origin = CHOSEN if name == "data" else origins.get(name, DEFAULT)
        rows.append(Explained(name, str(shown) if isinstance(shown, Path) else shown, origin, field.description or ""))
    return rows


def secret_key(settings: NodeSettings) -> str:
    """The configured key, else the one kept in the data folder, made on first use and readable by the owner only."""
    if configured := settings.secret_key.get_secret_value():
        return configured
    path = settings.data / "secret.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key + "\n")
    return key


def _gather(data: Path, environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by name and, for each, the place it came from."""
    known = [name for name in NodeSettings.model_fields if name != "data"]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    path = data / FILE_NAME
    for name, value in _toml(path).items():
        _place(name, value, str(path), known, values, origins)
    for variable in sorted(environ, key=lambda name: name.endswith("_FILE"), reverse=True):
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            name, text = variable[len(PREFIX) :].lower(), environ[variable]
            value = [part for part in text.split(",") if part] if name in _LISTS else text
            _place(name, value, f"${variable}", known, values, origins)
    return values, origins


def _place(
    name: str, value: Any, origin: str, known: list[str], values: dict[str, Any], origins: dict[str, str]
) -> None:
    if name in known:
        values[name], origins[name] = value, origin
        return
    target = name.removesuffix("_file")
    if name.endswith("_file") and target in known:
        try:
            values[target] = Path(str(value)).read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            raise NodeUnable(
                "settings-file", f"{origin} names {value} for {target}: {error.strerror}.", "Give a readable file."
            ) from None
        origins[target] = f"{value} (named by {origin})"
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "`commonwatch settings` lists every setting."
    raise NodeUnable("settings-unknown", f"There is no setting {name} (from {origin}).", hint)


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise NodeUnable("settings-file", f"{path} cannot be read: {error}.", "Correct or remove it.") from None


_LISTS = frozenset(name for name, field in NodeSettings.model_fields.items() if get_origin(field.annotation) is list)
