"""Canonical form and keys, against the vectors of the standards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.canonical import admitted, canonical, digest
from commonwatch.core.signing.keys import SigningKey, public_key, public_key_of, unbase64url

# RFC 8032, section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
P = 2**255 - 19
SMALL_ORDER = [
    *("00" * 32, "00" * 31 + "80", "01" + "00" * 31, "01" + "00" * 30 + "80", "ec" + "ff" * 30 + "7f"),
    *("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",),
    *("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",),
    *("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",),
    *("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",),
]


def test_a_signature_is_the_one_of_the_standard() -> None:
    key = SigningKey(SEED)
    assert key.public.raw == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert key.public.holds(SIGNATURE, b"\x72")
    assert not key.public.holds(SIGNATURE, b"\x73")
    assert not key.public.holds(SIGNATURE[:-1], b"\x72")


def test_a_key_is_named_by_its_thumbprint() -> None:
    key = public_key_of("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")  # RFC 8037, appendix A.3
    assert key.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.text == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


@pytest.mark.parametrize("raw", SMALL_ORDER)
def test_keys_of_small_order_are_refused(raw: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        public_key(bytes.fromhex(raw))
    assert refusal.value.code == "key-small-order"


@pytest.mark.parametrize(
    "raw",
    [b"", PUBLIC[:-1], PUBLIC + b"\0", P.to_bytes(32, "little"), (P + 1).to_bytes(32, "little"), b"\xff" * 32],
)
def test_malformed_keys_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        public_key(raw)
    assert refusal.value.code == "key-malformed"


def test_half_of_all_numbers_are_no_point_and_refused() -> None:
    refused = 0
    for y in range(2, 202):
        try:
            public_key(y.to_bytes(32, "little"))
        except InvalidInput as refusal:
            refused += refusal.code == "key-malformed"
    assert 70 < refused < 130


def test_a_secret_key_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInput):
        SigningKey(SEED[:-1])


@pytest.mark.parametrize("text", ["", "a", "a=", "+/", "YQ==", "YR", "é"])
def test_base64url_has_one_spelling(text: str) -> None:
    with pytest.raises(InvalidInput):
        unbase64url(text)


def test_the_canonical_form_is_the_one_of_the_standard() -> None:
    raw = rb"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    assert canonical(admitted(raw)) == (  # RFC 8785, section 3.2.4
        rb'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"'
        + "€".encode()
        + rb"""$\u000f\nA'B\"\\\\\"/"}"""
    )
    assert canonical({"\ufb33": 1, "\U0001f600": 2}).index(b"2") < 12, "sorted by UTF-16 code unit"
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", {"a": "\udc00"}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        canonical(value)
    assert refusal.value.code == "no-canonical-form"


def test_what_is_not_ijson_is_not_admitted() -> None:
    with pytest.raises(InvalidInput) as refusal:
        admitted(b'{"a":1,"a":2}')
    assert refusal.value.code == "duplicate-name"


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_JSON)
def test_the_canonical_form_says_the_same_and_is_its_own(value: object) -> None:
    first = canonical(value)
    assert canonical(admitted(first)) == first
