"""TUF metadata made, signed, and verified by the client workflow of its specification (5.3 to 5.6), without input or output.

`tuf` does the verification in `TrustedMetadataSet`, which is told the time; its `Updater` would want a folder, a web server and
the machine's clock. Files are texts by name: `root/N`, `timestamp`, `snapshot`, `targets`, `register`, and for each member the
role of its STIX identity with the card that this role names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import Key, Signature, Signer, SSlibKey
from tuf.api.exceptions import EqualVersionNumberError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from commonwatch.core.errors import IntegrityError, InvalidInput
from commonwatch.core.signing.keys import PublicKey, SigningKey

Files: TypeAlias = dict[str, str]

ROOT_DAYS = 365
TARGETS_DAYS = 365  # renewed by every change of who is a member
CARD_DAYS = 365
SNAPSHOT_DAYS = 30
TIMESTAMP_DAYS = (
    7  # how long a node can be kept from seeing a change without noticing; renewed by every approver's node
)
REGISTER = "register"


class KeySigner(Signer):
    """Signs metadata with one of our keys."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._public = tuf_key(key.public)

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None) -> Signer:
        """Asked for by the library's interface; a key of ours has no address (`base.keys`)."""
        raise ValueError("A key of a node is given, not looked up by an address.")

    @property
    def public_key(self) -> Key:
        """Its public half."""
        return self._public

    def sign(self, payload: bytes) -> Signature:
        """The signature over these bytes."""
        return Signature(self._public.keyid, self._key.sign(payload).hex())


def tuf_key(public: PublicKey) -> Key:
    """A public key as TUF names it."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public.raw))


def expiry(now_us: int, days: int) -> datetime:
    """So many days from now, in whole seconds."""
    return moment(now_us).replace(microsecond=0) + timedelta(days=days)


def moment(now_us: int) -> datetime:
    """A time as TUF has it."""
    return datetime.fromtimestamp(now_us / 1e6, UTC)


def signed(metadata: Metadata[Any], keys: Iterable[SigningKey]) -> str:
    """The text, with these keys' signatures added."""
    for key in keys:
        metadata.sign(KeySigner(key), append=True)
    return metadata.to_bytes().decode()


def parsed(text: str) -> Metadata[Any]:
    """Metadata from outside; raises InvalidInput. Nothing of it is verified."""
    try:
        return Metadata.from_bytes(text.encode())
    except DeserializationError as error:
        raise InvalidInput("metadata-unreadable", f"This is no TUF metadata: {error}.", "Have it sent again.") from None


def read_root(text: str) -> Metadata[Root]:
    """A root, or a draft of one, from outside; raises InvalidInput. Nothing of it is verified."""
    root = parsed(text)
    if not isinstance(root.signed, Root):
        raise InvalidInput("root-expected", "This is not a root of a partnership.", "Give the draft as it was made.")
    return root


def target(path: str, text: str) -> TargetFile:
    """What targets metadata says of a file."""
    raw = text.encode()
    return TargetFile(len(raw), {"sha256": hashlib.sha256(raw).hexdigest()}, path)


def path_of(identity: str) -> str:
    """The name under which a member's card is signed for."""
    return f"members/{identity}.json"


def role_file(identity: str) -> str:
    """The name of a member's role among the files."""
    return f"role/{identity}"


def members_of(targets: Targets) -> list[str]:
    """The identities to which targets metadata delegates."""
    delegations = targets.delegations
    return sorted(delegations.roles) if delegations is not None and delegations.roles else []


def latest_root(files: Mapping[str, str]) -> Metadata[Root]:
    """The root in force."""
    return parsed(files[f"root/{root_version(files)}"])


def root_version(files: Mapping[str, str]) -> int:
    """Its version; 0 without a partnership."""
    return max((int(name[5:]) for name in files if name.startswith("root/")), default=0)


def version_of(files: Mapping[str, str], name: str) -> int:
    """The version of one of the other files; 0 where it is not there."""
    return int(parsed(files[name]).signed.version) if name in files else 0


def verified(own: Mapping[str, str], offered: Mapping[str, str], now_us: int) -> tuple[Files, list[str]]:
    """Our files after what was offered, and what of single members did not hold; raises IntegrityError where the whole does not.

    `own` was verified before and holds at least a root. What is older than ours, or past its time, is refused: whoever offers
    it may be kept from seeing what changed, or keep us from it.
    """
    try:
        return _verified(own, offered, now_us)
    except (RepositoryError, KeyError, AttributeError) as error:  # the latter two: a part that must be there is not
        raise IntegrityError(
            "membership-refused",
            f"The membership that was offered does not hold: {error}.",
            "Ask another peer, and tell who offered it.",
        ) from None


def _verified(own: Mapping[str, str], offered: Mapping[str, str], now_us: int) -> tuple[Files, list[str]]:
    made: Files = dict(own)
    trusted = TrustedMetadataSet(own[f"root/{root_version(own)}"].encode(), EnvelopeType.METADATA)
    trusted.reference_time = moment(now_us)
    while (text := offered.get(f"root/{trusted.root.version + 1}")) is not None:  # 5.3
        trusted.update_root(text.encode())
        made[f"root/{trusted.root.version}"] = text
    _timestamp(trusted, own, offered, made)  # 5.4
    _kept_or_new("snapshot", own, offered, made, lambda raw, ours: trusted.update_snapshot(raw, ours))  # 5.5
    _kept_or_new("targets", own, offered, made, lambda raw, _: trusted.update_targets(raw))  # 5.6
    text = offered.get(REGISTER, "")
    listed = trusted.targets.targets[REGISTER]
    if not _is(listed, made.get(REGISTER, "")):
        listed.verify_length_and_hashes(text.encode())
        made[REGISTER] = text
    problems = []
    for identity in members_of(trusted.targets):
        try:
            _member(trusted, identity, own, offered, made)
        except (RepositoryError, KeyError) as error:
            problems.append(f"{identity}: {error}")
    for name in [name for name in made if name.startswith(("role/", "members/"))]:
        if not any(identity in name for identity in members_of(trusted.targets)):
            del made[name]
    return made, problems


def _timestamp(trusted: TrustedMetadataSet, own: Mapping[str, str], offered: Mapping[str, str], made: Files) -> None:
    if "timestamp" in own:
        try:
            trusted.update_timestamp(own["timestamp"].encode())
        except RepositoryError:
            if "timestamp" not in offered:
                raise
    if "timestamp" in offered:
        try:
            trusted.update_timestamp(offered["timestamp"].encode())
        except EqualVersionNumberError:
            return
        made["timestamp"] = offered["timestamp"]


def _kept_or_new(name: str, own: Mapping[str, str], offered: Mapping[str, str], made: Files, load: Any) -> None:
    """Ours where it is still what is asked for, else what was offered."""
    if name in own:
        try:
            load(own[name].encode(), True)
            return
        except RepositoryError:
            if name not in offered:
                raise
    load(offered.get(name, "").encode(), False)
    made[name] = offered[name]


def _member(
    trusted: TrustedMetadataSet, identity: str, own: Mapping[str, str], offered: Mapping[str, str], made: Files
) -> None:
    role, path = role_file(identity), path_of(identity)

    def load(raw: bytes, _: bool) -> None:
        trusted.update_delegated_targets(raw, identity, "targets")

    _kept_or_new(role, own, offered, made, load)
    listed = parsed(made[role]).signed.targets[path]
    if not _is(listed, made.get(path, "")):
        text = offered.get(path, "")
        listed.verify_length_and_hashes(text.encode())
        made[path] = text


def _is(listed: TargetFile, text: str) -> bool:
    return target(listed.path, text) == listed


def snapshot_of(version: int, roles: Mapping[str, int], now_us: int) -> Metadata[Snapshot]:
    """A snapshot that names these versions."""
    meta = {f"{name}.json": MetaFile(number) for name, number in roles.items()}
    return Metadata(Snapshot(version, expires=expiry(now_us, SNAPSHOT_DAYS), meta=meta))


def timestamp_of(version: int, snapshot: int, now_us: int) -> Metadata[Timestamp]:
    """A timestamp that names this snapshot."""
    return Metadata(Timestamp(version, expires=expiry(now_us, TIMESTAMP_DAYS), snapshot_meta=MetaFile(snapshot)))


def signers_of(root: Root, role: str, metadata: Metadata[Any]) -> tuple[int, int]:
    """How many of a role's keys have signed, and how many must."""
    result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return len(result.signed), result.threshold


def root_signers(root: Metadata[Root], before: Root | None) -> bool:
    """Whether enough keys of this root, and of the one before, have signed it."""
    return bool(root.signed.get_root_verification_result(before, root.signed_bytes, root.signatures))


def put_keys(root: Root, role: str, keys: Sequence[PublicKey], threshold: int) -> None:
    """Make these the keys of a role."""
    for keyid in list(root.roles[role].keyids):
        root.revoke_key(keyid, role)
    for key in keys:
        root.add_key(tuf_key(key), role)
    root.roles[role].threshold = threshold
