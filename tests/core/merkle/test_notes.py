"""Notes, checkpoints and cosignatures: the standards' examples, and everything malformed refused (abuse classes 53, 54)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import (
    Checkpoint,
    cosign,
    cosign_ml_dsa,
    ml_dsa_key,
    parse_checkpoint,
    parse_decimal,
    time_of,
    verify,
)
from commonwatch.core.merkle.notes import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    Note,
    NoteSignature,
    parse_note,
    parse_signatures,
    parse_vkey,
    sign_note,
    verified,
    verifier_key,
)
from commonwatch.core.signing.keys import SigningKey
from tests.core.merkle.trees import LOG, LOG_KEY, ORIGIN, log

# The example of C2SP signed-note.
EXAMPLE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
WITNESS = SigningKey(b"\x02" * 32)
NAME = "witness.example/w1"
KEY = verifier_key(NAME, COSIGNATURE, WITNESS.public.raw)
TEXT = log(5).checkpoint().text


def test_the_standards_example_verifies_and_is_written_the_same() -> None:
    key = parse_vkey(EXAMPLE_KEY)
    note = parse_note(EXAMPLE)
    assert verified(note, [key], verify) == note.signatures
    assert note.encode() == EXAMPLE
    assert key.text == EXAMPLE_KEY


def test_keys_that_are_not_known_are_ignored_and_known_ones_that_fail_spoil_the_note() -> None:
    key = parse_vkey(EXAMPLE_KEY)
    note = parse_note(EXAMPLE)
    stranger = NoteSignature("else.example", b"\0\0\0\0", bytes(64))
    assert verified(note.adding([stranger]), [key], verify) == note.signatures
    same_name = NoteSignature(key.name, b"\0\0\0\0", bytes(64))
    same_id = NoteSignature("else.example", key.key_id, bytes(64))
    assert verified(note.adding([same_name, same_id]), [key], verify) == note.signatures
    forged = NoteSignature(key.name, key.key_id, bytes(64))
    for spoiled in (note.adding([forged]), Note("Another.\n", note.signatures)):
        broken = verified(spoiled, [key], verify)
        assert isinstance(broken, Broken) and broken.code == "signature-wrong"
    nobody = verified(note, [LOG_KEY], verify)
    assert isinstance(nobody, Broken) and nobody.code == "not-signed"


def test_sixteen_signatures_and_more_are_read() -> None:
    many = [NoteSignature(f"w{number}", bytes(4), bytes(64)) for number in range(100)]
    assert len(parse_note(Note("text\n", tuple(many)).encode()).signatures) == 100
    with pytest.raises(InvalidInput):
        parse_note(Note("text\n", (*many, many[0])).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        EXAMPLE[:-1],
        EXAMPLE + b"\n",
        EXAMPLE.replace(b"\n\n", b"\n"),
        EXAMPLE.replace(b"This", b"Th\x01s"),
        EXAMPLE.replace(b"This", b"Th\ris"),
        EXAMPLE.replace(b"This", b"Th\xffs"),
        EXAMPLE.replace("\u2014".encode(), b"-"),
        EXAMPLE.replace("\u2014 ".encode(), "\u2014".encode()),
        EXAMPLE.replace(b"example.com/foo ", b" "),
        EXAMPLE.replace(b"example.com/foo ", b"example.com+foo "),
        EXAMPLE.replace(b"example.com/foo ", "example.com\u00a0foo ".encode()),
        EXAMPLE.replace(b"aQM=", b"aQM"),
        EXAMPLE.replace(b"aQM=", b"aQN="),
        EXAMPLE.replace(b"aQM=", b"aQ-="),
        EXAMPLE[: EXAMPLE.index(b"Uw2Q")] + b"AAAAAA==\n",
        EXAMPLE + "\u2014 x\n".encode(),
        b"x" * 600_000 + EXAMPLE,
    ],
)
def test_malformed_notes_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_note(raw)
    assert refusal.value.code == "note-malformed"


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    try:
        assert parse_note(raw).encode() == raw
    except InvalidInput as refusal:
        assert refusal.code == "note-malformed"


def test_signature_lines_come_alone_from_witnesses() -> None:
    made = cosign(TEXT, NAME, WITNESS, 1)
    assert parse_signatures((made.line * 2).encode()) == (made, made)
    with pytest.raises(InvalidInput):
        parse_signatures(b"no\n")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "vkey-malformed"),
        ("name", "vkey-malformed"),
        (EXAMPLE_KEY.replace("530d", "530e"), "vkey-malformed"),
        (EXAMPLE_KEY.replace("530d903a", "530D903A"), "vkey-malformed"),
        (EXAMPLE_KEY.replace("example.com/foo", ""), "key-name"),
        (EXAMPLE_KEY.replace("example.com/foo", "a b"), "key-name"),
        (EXAMPLE_KEY + "AAAA", "key-kind"),
        ("a+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(), "key-kind"),
        ("a+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(), "key-small-order"),
        ("a+00000000+" + base64.b64encode(b"\x04" + b"\xff" * 32).decode(), "key-malformed"),
    ],
)
def test_malformed_verifier_keys_are_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_vkey(text)
    assert refusal.value.code == code


def test_checkpoints_are_written_as_the_standard_says() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    read = parse_checkpoint(text)
    assert (read.origin, read.size, read.extensions) == ("example.com/behind-the-sofa", 20_852_163, ())
    assert read.text == text
    assert parse_checkpoint(text + "more\n") == Checkpoint(read.origin, read.size, read.root, ("more",))


@pytest.mark.parametrize(
    "change",
    [
        *(("20852163", part) for part in ("020852163", "-1", "+1", " 1", "1 ", "1e3", "", "٣", str(2**63), "9" * 5000)),
        *(("CsUY", part) for part in ("CsU", "CsUYAAAA", "Cs-Y", " CsUY")),
        *(("q2I=", part) for part in ("q2I", "q2J=", "")),
        ("example.com/behind-the-sofa\n", "\n"),
        ("example.com/behind-the-sofa\n", ""),
    ],
)
def test_malformed_checkpoints_are_refused(change: tuple[str, str]) -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert change[0] in text
    with pytest.raises(InvalidInput) as refusal:
        parse_checkpoint(text.replace(*change))
    assert refusal.value.code == "checkpoint-malformed"


def test_empty_lines_and_missing_ends_are_no_checkpoint() -> None:
    for text in (TEXT[:-1], TEXT + "\n", TEXT + "\nmore\n", ""):
        with pytest.raises(InvalidInput):
            parse_checkpoint(text)
    assert parse_decimal(str(2**63 - 1)) == 2**63 - 1


def test_a_log_signs_its_checkpoint() -> None:
    assert verified(log(5).note(), [LOG_KEY], verify) == (sign_note(TEXT, ORIGIN, LOG),)


def test_ed25519_cosignatures_hold_for_their_text_and_time() -> None:
    made = cosign(TEXT, NAME, WITNESS, 1_679_315_147)
    assert time_of(made) == 1_679_315_147 and len(made.signature) == 72
    assert verify(KEY, TEXT, made.signature)
    assert not verify(KEY, TEXT + "more\n", made.signature), "extension lines are covered"
    assert not verify(KEY, TEXT, (1).to_bytes(8, "big") + made.signature[8:])
    assert not verify(KEY, TEXT, cosign(TEXT, NAME, WITNESS, 0).signature), "a cosignature has a time"
    assert not verify(KEY, TEXT, made.signature[:8]) and not verify(KEY, TEXT, b"\xff" * 72)
    assert not verify(verifier_key(NAME, ED25519, WITNESS.public.raw), TEXT, made.signature)


def test_ml_dsa_cosignatures_name_cosigner_log_and_root() -> None:
    seed = b"\x03" * 32
    key = ml_dsa_key(NAME, seed)
    made = cosign_ml_dsa(TEXT, NAME, seed, 1_700_000_000)
    assert key.kind == ML_DSA_44 and parse_vkey(key.text) == key
    assert len(made.line) == 4 + len(NAME) - 1 + -(-2432 // 3) * 4 + 1
    assert verify(key, TEXT, made.signature)
    assert verify(key, TEXT + "more\n", made.signature), "extension lines are not covered"
    assert not verify(key, log(6).checkpoint().text, made.signature)
    assert not verify(verifier_key("other.example", ML_DSA_44, key.raw), TEXT, made.signature)
    assert not verify(key, "no checkpoint\n", made.signature)
    assert not verify(key, TEXT, made.signature[:-1])
    with pytest.raises(InvalidInput) as refusal:
        cosign_ml_dsa(TEXT, "w" * 256, seed, 1)
    assert refusal.value.code == "name-too-long"
