"""Policy files with quorums by groups, and proofs to hand over."""

from __future__ import annotations

import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import cosign
from commonwatch.core.merkle.notes import COSIGNATURE, ED25519, Note, NoteSignature, sign_note, verifier_key
from commonwatch.core.merkle.offline import HEADER, Proof, parse_proof
from commonwatch.core.merkle.policies import Judged, Policy, parse_policy
from commonwatch.core.merkle.proofs import inclusion_proof
from commonwatch.core.signing.keys import SigningKey
from tests.core.merkle.trees import LOG_KEY, ORIGIN, Log, entry, log

KEYS = [SigningKey(bytes([50 + number]) * 32) for number in range(40)]
WITNESSES = [verifier_key(f"w{number}.example", COSIGNATURE, key.public.raw) for number, key in enumerate(KEYS)]
BLOCS = f"""# Three blocs: no one of them is enough.
log {LOG_KEY.text} https://log.example/tlog/

witness A1 {WITNESSES[0].text}
witness A2 {WITNESSES[1].text} https://a2.example/
\twitness\tB1  {WITNESSES[2].text}
witness B2 {WITNESSES[3].text}
witness C1 {WITNESSES[4].text}
group A 2 A1 A2
group B any B1 B2
group C all C1
group blocs 2 A B C
quorum blocs
"""


def policy(text: str = BLOCS) -> Policy:
    return parse_policy(text.encode())


def cosigned(made: Log, *numbers: int) -> Note:
    note = made.note()
    return note.adding(cosign(note.text, WITNESSES[n].name, KEYS[n], 1_700_000_000 + n) for n in numbers)


@pytest.mark.parametrize(
    ("names", "met"),
    [
        ("A1 A2", False),
        ("A1 B1", False),
        ("A1 A2 B2", True),
        ("B1 B2", False),
        ("B1 C1", True),
        ("A1 A2 C1", True),
        ("", False),
    ],
)
def test_no_bloc_alone_is_a_quorum(names: str, met: bool) -> None:
    assert policy().is_met(names.split()) is met


def test_a_checkpoint_counts_with_its_logs_signature_and_a_quorum() -> None:
    judged = policy().judge(cosigned(log(9), 0, 1, 3))
    assert isinstance(judged, Judged)
    assert judged.checkpoint.size == 9 and judged.cosigned == ("A1", "A2", "B2")
    assert policy().addresses == {LOG_KEY.text: "https://log.example/tlog/", WITNESSES[1].text: "https://a2.example/"}


def test_what_does_not_count_says_why() -> None:
    note = cosigned(log(9), 0, 1, 3)
    forged = NoteSignature(WITNESSES[0].name, WITNESSES[0].key_id, note.signatures[2].signature)
    text = "text\n"
    for wrong, code in (
        (cosigned(log(9), 0, 1), "no-quorum"),
        (cosigned(log(9)), "no-quorum"),
        (Note(note.text, note.signatures[1:]), "not-signed"),
        (note.adding([forged]), "signature-wrong"),
        (Note(text, (sign_note(text, ORIGIN, SigningKey(b"\x01" * 32)),)), "checkpoint-malformed"),
    ):
        broken = policy().judge(wrong)
        assert isinstance(broken, Broken) and broken.code == code, code


def test_a_log_speaks_for_itself_only() -> None:
    other = SigningKey(b"\x09" * 32)
    name = "log.example/other"
    text = f"log {LOG_KEY.text}\nlog {verifier_key(name, ED25519, other.public.raw).text}\nquorum none\n"
    impostor = log(3).checkpoint().text
    broken = policy(text).judge(Note(impostor, (sign_note(impostor, name, other),)))
    assert isinstance(broken, Broken) and broken.code == "other-log"
    assert isinstance(policy(text).judge(log(3).note()), Judged)


def test_at_least_thirty_two_of_each_are_supported() -> None:
    lines = [f"witness w{number} {key.text}" for number, key in enumerate(WITNESSES)]
    lines += [f"group g{number} any w{number}" for number in range(40)]
    lines += ["group all all " + " ".join(f"g{number}" for number in range(40)), "quorum all"]
    large = policy("\n".join(lines))
    assert large.is_met([f"w{number}" for number in range(40)])
    assert not large.is_met([f"w{number}" for number in range(39)])


W = f"witness A {WITNESSES[0].text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        W,
        f"{W}quorum A\nquorum A\n",
        f"{W}quorum B\n",
        f"{W}{W}quorum A\n",
        f"{W}witness B {WITNESSES[0].text}\nquorum A\n",
        f"witness none {WITNESSES[0].text}\nquorum none\n",
        f"witness A {LOG_KEY.text}\nquorum A\n",
        f"log {WITNESSES[0].text}\nquorum none\n",
        f"log {LOG_KEY.text}\nlog {LOG_KEY.text}\nquorum none\n",
        f"log {LOG_KEY.text} a b\nquorum none\n",
        "log nonsense\nquorum none\n",
        "log \u00ff\u00ff\nquorum none\n",
        f"{W}group g 2 A\nquorum g\n",
        f"{W}group g 0 A\nquorum g\n",
        f"{W}group g 01 A\nquorum g\n",
        f"{W}group g most A\nquorum g\n",
        f"{W}group g any\nquorum g\n",
        f"{W}group g any none\nquorum g\n",
        f"{W}group g any later\nquorum g\n",
        f"{W}group A any A\nquorum A\n",
        f"{W}group g any A A\nquorum g\n",
        f"{W}group g any A\ngroup h any A\nquorum h\n",
        f"{W}quorum A\r\n",
        f"{W}quorum A\0\n",
        "trust everybody\n",
        "#" * 1_100_000,
    ],
)
def test_malformed_policies_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        policy(text)
    assert refusal.value.code == "policy-malformed"


def test_a_key_name_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_policy(b"log \xff\xfe\nquorum none\n")


def proof(extra: bytes = b"") -> Proof:
    made = log(300)
    return Proof(77, tuple(inclusion_proof(77, 300, made.read())), cosigned(made, 2, 4), extra)


def test_a_proof_verifies_without_a_network() -> None:
    for extra in (b"", b"\0opening"):
        again = parse_proof(proof(extra).encode())
        assert again == proof(extra)
        judged = again.verify(entry(77), policy())
        assert isinstance(judged, Judged) and judged.cosigned == ("B1", "C1")


def test_a_proof_of_something_else_is_refused() -> None:
    broken = proof().verify(entry(78), policy())
    assert isinstance(broken, Broken) and broken.code == "not-included"
    few = policy(BLOCS.replace("group blocs 2", "group blocs 3"))
    broken = proof().verify(entry(77), few)
    assert isinstance(broken, Broken) and broken.code == "no-quorum"


def test_the_only_leaf_has_an_empty_path() -> None:
    made = Log([entry(0)])
    again = parse_proof(Proof(0, (), made.note()).encode())
    assert isinstance(again.verify(entry(0), policy(f"log {LOG_KEY.text}\nquorum none\n")), Judged)


GOOD = proof(b"extra").encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEADER.encode(),
        f"{HEADER}\n\n".encode(),
        f"{HEADER}\nindex 1\n".encode(),
        f"{HEADER}\nextra AAAA\n\n".encode(),
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 77", b"index 077"),
        GOOD.replace(b"index 77", b"Index 77"),
        GOOD.replace(b"extra ZXh0cmE=", b"extra ZXh0cmE"),
        GOOD.replace(b"extra ZXh0cmE=", b"extra "),
        GOOD.replace(b"index 77\n", b"index 77\nAAAA\n"),
        GOOD.replace(b"index 77\n", b"index 77\n\xff\n"),
        GOOD.replace(b"index 77\n", b"index 77\n" + b"A" * 43 + b"=\n" * 70),
        GOOD[:-1],
        GOOD + b" " * 2_000_000,
    ],
)
def test_malformed_proofs_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_proof(raw)
    assert refusal.value.code in ("proof-malformed", "note-malformed")
