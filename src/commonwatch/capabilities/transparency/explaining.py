"""A proof in plain words, for who has to judge it and is no engineer; and the steps to check it with nothing of ours.

The page says what is proven and what is not. The steps are a shell script that asks for OpenSSL and the usual tools only, so that
neither our program nor our word is needed. Everything it compares stands in it.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string

from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint, time_of, verify
from commonwatch.core.merkle.hashing import inclusion_ranges
from commonwatch.core.merkle.leaves import Opening, decode_leaf
from commonwatch.core.merkle.notes import COSIGNATURE, ED25519, NoteSignature, VerifierKey
from commonwatch.core.merkle.offline import Proof
from commonwatch.core.merkle.stamped import StampedProof
from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.times import format_time

_ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the key in a public key file

MEANINGS = {
    "receipt": "It took in the version of an object named below, with the content that has this fingerprint.",
    "share": "It gave the reader named below the objects of one page of a collection.",
    "sent": "It sent a parcel of objects to the partner named below.",
    "taken": "It took in a parcel of objects from the partner named below.",
    "policy": "The rules by which it decides who may have what were changed as said below.",
    "membership": "Who is in the partnership, or what is known of a member, was changed as said below.",
    "agreement": "An agreement, or a party's step in it, was put on record as said below.",
    "consent": "An originator let a member have what it controls, as said below.",
    "recall": "It asked the member named below to give up objects that it had shared.",
    "answer": "A member answered its request to give up objects.",
    "erase": "It destroyed content, and with it what could tell what certain entries said.",
    "act": "Somebody acted on this node as said below.",
}


@dataclass(frozen=True)
class Signer:
    """A signature under the checkpoint, by a key that is known here."""

    name: str
    when: str  # empty for the log itself: its signature bears no time
    key: VerifierKey
    signature: NoteSignature


def page(
    file: str,
    entry: bytes,
    opening: Opening,
    proof: Proof,
    keys: Sequence[VerifierKey],
    stamped: StampedProof | None,
) -> str:
    """The page, as HTML without anything from elsewhere."""
    head = parse_checkpoint(proof.note.text)
    signers = signers_of(proof, keys)
    return render_to_string(
        "transparency/proof.html",
        {
            "origin": head.origin,
            "index": proof.index,
            "size": head.size,
            "kind": opening.kind,
            "meaning": MEANINGS.get(opening.kind, ""),
            "at": format_time(decode_leaf(entry).at * 1_000_000, 0),
            "statement": sorted(opening.body.items()),
            "stamps": _stamps(entry, stamped, keys),
            "witnesses": [one for one in signers if one.when],
            "log_keys": [one.key.text for one in signers if not one.when],
            "file": file,
            "script": script(file, opening, proof, keys, stamped),
        },
    )


def script(file: str, opening: Opening, proof: Proof, keys: Sequence[VerifierKey], stamped: StampedProof | None) -> str:
    """The steps, for sh with OpenSSL 1.1.1 or later; run beside the leaf, and with a file of roots where stamps are to be judged."""
    head = parse_checkpoint(proof.note.text)
    leaf = shlex.quote(f"{file}.leaf")
    lines = [
        "#!/bin/sh",
        f"# Checks the proof {''.join(char for char in file if char.isprintable())} with nothing but OpenSSL and the usual tools.",
        "set -eu",
        "roots=${1:-}",
        "work=$(mktemp -d)",
        "trap 'rm -rf \"$work\"' EXIT",
        'wrong() { echo "NOT PROVEN: $1"; exit 1; }',
        "hash() { openssl dgst -sha256 -binary | base64; }",
        'join() { { printf \'\\001\'; echo "$1" | base64 -d; echo "$2" | base64 -d; } | hash; }',
        "",
        "# 1. The entry is the seal of the statement: HMAC-SHA-256 under the secret that was handed over.",
        f"{{ printf 'ctn/1\\n{opening.kind}\\n'; echo {_base64(canonical(dict(opening.body)))} | base64 -d; }} > \"$work/statement\"",
        f'seal=$(openssl dgst -sha256 -mac HMAC -macopt hexkey:{opening.nonce.hex()} -binary "$work/statement" | base64)',
        f'grep -qF "\\"$seal\\"" {leaf} || wrong "the entry is not the seal of this statement"',
        'echo "The statement that was written down:"; tail -n 1 "$work/statement"; echo',
        "",
        "# 2. The entry leads to the fingerprint of the whole record (RFC 6962).",
        *_to_the_top(leaf, proof.index, head.size, proof.path),
        f'[ "$top" = {_base64(head.root)} ] || wrong "the entry is not in the record"',
        f'echo "It is entry {proof.index} of the {head.size} entries under the signed fingerprint."',
        "",
        "# 3. The fingerprint was signed (Ed25519).",
        f'echo {_base64(proof.note.text.encode())} | base64 -d > "$work/checkpoint"',
        "signed() { # who, key, signature, time (cosignatures)",
        '    { printf "%s\\n" "-----BEGIN PUBLIC KEY-----" "$2" "-----END PUBLIC KEY-----"; } > "$work/key"',
        '    echo "$3" | base64 -d > "$work/signature"',
        '    { [ -z "$4" ] || printf "cosignature/v1\\ntime %s\\n" "$4"; cat "$work/checkpoint"; } > "$work/text"',
        '    openssl pkeyutl -verify -pubin -inkey "$work/key" -rawin -in "$work/text" -sigfile "$work/signature" > "$work/said" ||',
        '        wrong "the signature of $1 does not hold"',
        '    echo "Signed by $1${4:+ at $4 seconds after 1970-01-01 UTC}, with the key $2"',
        "}",
    ]
    lines += [_signed(one) for one in signers_of(proof, keys)]
    lines += _stamped(leaf, stamped) if stamped is not None else ()
    return "\n".join([*lines, 'echo; echo "Compare each key with the one that its holder has published."', ""])


def signers_of(proof: Proof, keys: Sequence[VerifierKey]) -> list[Signer]:
    """Whose signatures hold, of those keys that openssl can check."""
    known = {(key.name, key.key_id): key for key in keys if key.kind in (ED25519, COSIGNATURE)}
    found = []
    for one in proof.note.signatures:
        key = known.get((one.name, one.key_id))
        if key is not None and verify(key, proof.note.text, one.signature):
            when = format_time(time_of(one) * 1_000_000, 0) if key.kind == COSIGNATURE else ""
            found.append(Signer(one.name, when, key, one))
    return found


def _to_the_top(leaf: str, index: int, size: int, path: Sequence[bytes]) -> list[str]:
    """Steps from the entry to the fingerprint of a tree."""
    lines = [f"top=$({{ printf '\\000'; cat {leaf}; }} | hash)"]
    for (start, _), other in zip(inclusion_ranges(index, size), path, strict=True):
        first, second = ('"$top"', _base64(other)) if index < start else (_base64(other), '"$top"')
        lines.append(f"top=$(join {first} {second})")
    return lines


def _stamped(leaf: str, stamped: StampedProof) -> list[str]:
    """Steps that show which checkpoint authorities stamped, and that the entry is in it."""
    head = parse_checkpoint(stamped.note.text)
    lines = [
        "",
        "# 4. A fingerprint of the record that the entry leads to as well was stamped (RFC 3161).",
        "#    Give a file (PEM) with the roots of the authorities that you believe: sh FILE.sh roots.pem",
        *_to_the_top(leaf, stamped.index, head.size, stamped.path),
        f'echo {_base64(stamped.note.encode())} | base64 -d > "$work/checkpoint"',
        '[ "$top" = "$(sed -n 3p "$work/checkpoint")" ] || wrong "the entry is not in the checkpoint that was stamped"',
        "stamped() { # who, answer",
        '    echo "$2" | base64 -d > "$work/answer"',
        '    if [ -z "$roots" ]; then echo "Stamped by $1: not judged, no roots were given"; return; fi',
        '    openssl ts -verify -data "$work/checkpoint" -in "$work/answer" -CAfile "$roots" > "$work/said" 2>&1 ||',
        '        wrong "the stamp of $1 does not hold under these roots"',
        "    at=$(openssl ts -reply -in \"$work/answer\" -text 2> /dev/null | sed -n 's/^Time stamp: //p')",
        '    echo "Stamped by $1: it existed at $at"',
        "}",
    ]
    return lines + [f"stamped {shlex.quote(name)} {_base64(answer)}" for name, answer in stamped.answers.items()]


def _stamps(entry: bytes, stamped: StampedProof | None, keys: Sequence[VerifierKey]) -> list[dict[str, str]]:
    """Who stamped it when, for the page: who reads it judges them by roots of their own."""
    found = stamped.judge(entry, keys, ()) if stamped is not None else ()
    if isinstance(found, Broken):
        return []
    return [{"authority": one.authority, "signer": one.signer, "at": format_time(one.at_us, 0)} for one in found]


def _signed(one: Signer) -> str:
    key = _base64(_ED25519_DER + one.key.raw)
    cosigned = one.key.kind == COSIGNATURE
    signature = one.signature.signature[8:] if cosigned else one.signature.signature
    return f"signed {shlex.quote(one.name)} {key} {_base64(signature)} {str(time_of(one.signature)) if cosigned else repr('')}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
