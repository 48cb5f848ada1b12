"""The tree, its proofs and its tiles, against RFC 6962's own definitions and its test vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.hashing import EMPTY_ROOT, Edge, leaf_hash, root_of
from commonwatch.core.merkle.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from commonwatch.core.merkle.tiles import (
    ENTRIES,
    Tile,
    decode_bundle,
    encode_bundle,
    parse_path,
    reading,
    tiles_between,
    width_at,
)
from tests.core.merkle.trees import Log, entry, log, mth, nodes, path, subproof

# The test vectors that implementations of RFC 6962 share: eight entries, and the roots of the trees over the first n of them.
VECTOR = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZE = st.integers(1, 600)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_vectors(size: int) -> None:
    assert Edge().extended(map(leaf_hash, VECTOR[:size]))[0].root.hex() == ROOTS[size - 1]
    assert root_of(size, nodes(VECTOR)).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Edge().root == EMPTY_ROOT == root_of(0, nodes([])) == mth([])


def test_the_audit_path_is_the_one_of_the_vectors() -> None:
    proof = [one.hex() for one in inclusion_proof(2, 3, nodes(VECTOR))]
    assert proof == ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]
    assert len(inclusion_proof(0, 8, nodes(VECTOR))) == 3


@pytest.mark.parametrize("size", range(1, 66))
def test_proofs_are_those_of_the_definition(size: int) -> None:
    leaves = [entry(number) for number in range(size)]
    for index in range(size):
        assert inclusion_proof(index, size, nodes(leaves)) == path(index, leaves)
    for old in range(1, size):
        assert consistency_proof(old, size, nodes(leaves)) == subproof(old, leaves, True)


WHOLE = log(70_000)


@given(SIZE, st.data())
def test_a_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, WHOLE.read(size))
    root = root_of(size, WHOLE.read(size))
    assert verify_inclusion(leaf_hash(entry(index)), index, size, proof, root) is None
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index) if size > 1 else st.just(5))
    broken = verify_inclusion(leaf_hash(entry(other)), index, size, proof, root)
    assert broken is not None and broken.code == "not-included"
    if size > 1:
        broken = verify_inclusion(leaf_hash(entry(index)), other, size, proof, root)
        assert broken is not None


@given(SIZE, st.data())
def test_growth_is_proven_and_nothing_else(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    proof = consistency_proof(old, new, WHOLE.read(new))
    first, second = root_of(old, WHOLE.read(old)), root_of(new, WHOLE.read(new))
    assert verify_consistency(old, new, first, second, proof) is None
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        forged = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert verify_consistency(old, new, first, second, forged) is not None
        assert verify_consistency(old, new, first, bytes(32), proof) is not None
        assert verify_consistency(old, new, bytes(32), second, proof) is not None
        assert verify_consistency(old, new, first, second, [*proof, bytes(32)]) is not None
        assert verify_consistency(old, new, first, second, proof[1:]) is not None


@pytest.mark.parametrize(
    ("old", "new", "first", "second", "proof", "code"),
    [
        (3, 2, b"a", b"b", [], "shrunk"),
        (-1, 2, b"a", b"b", [], "shrunk"),
        (0, 2, EMPTY_ROOT, b"b", [bytes(32)], "proof-length"),
        (2, 2, b"a", b"a", [bytes(32)], "proof-length"),
        (2, 2, b"a", b"b", [], "fork"),
        (0, 2, b"a", b"b", [], "not-empty"),
        (0, 0, EMPTY_ROOT, b"b", [], "fork"),
        (1, 2, b"a", b"b", [bytes(31)], "proof-length"),
        (1, 2, b"a", b"b", [bytes(32)], "not-consistent"),
    ],
)
def test_what_proves_no_growth_says_why(
    old: int, new: int, first: bytes, second: bytes, proof: list[bytes], code: str
) -> None:
    broken = verify_consistency(old, new, first, second, proof)
    assert broken is not None and broken.code == code and broken.sentence


def test_what_proves_no_inclusion_says_why() -> None:
    wrong: list[tuple[int, int, list[bytes], str]] = [
        (2, 2, [], "index-beyond"),
        (-1, 2, [], "index-beyond"),
        (0, 2, [], "proof-length"),
    ]
    for index, size, proof, code in wrong:
        broken = verify_inclusion(bytes(32), index, size, proof, bytes(32))
        assert broken is not None and broken.code == code


@given(SIZE, st.integers(0, 600))
def test_a_tree_grows_to_the_same_in_any_steps(first: int, more: int) -> None:
    hashes = [leaf_hash(entry(number)) for number in range(first + more)]
    stepped, _ = Edge().extended(hashes[:first])[0].extended(hashes[first:])
    assert stepped == Edge().extended(hashes)[0]


def test_the_tiles_of_70000_leaves_are_those_of_the_standard() -> None:
    tiles = tiles_between(0, 70_000)
    by_level = {level: [tile for tile in tiles if tile.level == level] for level in range(4)}
    assert [len(by_level[level]) for level in range(4)] == [274, 2, 1, 0]
    assert (by_level[0][-1].width, by_level[1][-1].width, by_level[2][-1].width) == (112, 17, 1)
    assert tiles_between(0, 256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert tiles_between(256, 257) == [Tile(0, 1, 1)]
    assert width_at(256, 0, 1) == 0 and width_at(256, ENTRIES, 0) == 256


def test_proofs_come_out_of_tiles_at_any_height() -> None:
    assert root_of(70_000, WHOLE.read()) == WHOLE.edge.root
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        proof = inclusion_proof(index, 70_000, WHOLE.read())
        assert verify_inclusion(leaf_hash(entry(index)), index, 70_000, proof, WHOLE.edge.root) is None


def test_each_tile_is_fetched_once() -> None:
    fetched: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        fetched.append(tile)
        return WHOLE.tile(tile)

    inclusion_proof(1_000, 70_000, reading(70_000, fetch))
    assert len(fetched) == len(set(fetched)) <= 6


def test_a_tile_that_is_too_short_is_told() -> None:
    with pytest.raises(InvalidInput):
        root_of(3, reading(3, lambda tile: b"short"))


@pytest.mark.parametrize(
    ("tile", "text"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(ENTRIES, 999, 3), "tile/entries/999.p/3"),
        (Tile(63, 1_000, 255), "tile/63/x001/000.p/255"),
    ],
)
def test_tiles_have_one_path(tile: Tile, text: str) -> None:
    assert tile.path == text
    assert parse_path(text) == tile


@pytest.mark.parametrize(
    "text",
    [
        *("", "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/000.p/0", "tile/0/000.p/256"),
        *(
            "tile/0/000.p/01",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/../000",
            "tile/x/000",
            "tile/0/000/",
            "/tile/0/000",
        ),
        *("tile/0/" + "x001/" * 7 + "000", "tile/0/" + "x001/" * 100 + "000", "tile/-1/000", "tile/0/٠٠٠"),
    ],
)
def test_other_paths_name_no_tile(text: str) -> None:
    assert parse_path(text) is None


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_give_back_their_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


def test_bundles_that_are_cut_or_longer_are_refused() -> None:
    raw = encode_bundle([b"one", b"two"])
    for wrong, width in ((raw[:-1], 2), (raw + b"\0", 2), (raw, 3), (raw, 1)):
        with pytest.raises(InvalidInput):
            decode_bundle(wrong, width)
    with pytest.raises(InvalidInput):
        encode_bundle([bytes(65_536)])
    assert len(encode_bundle([bytes(65_535)])) == 65_537


def test_a_log_in_memory_is_a_log() -> None:
    made = Log([entry(0)])
    assert made.checkpoint().root == mth([entry(0)])
