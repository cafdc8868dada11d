"""The tree: known answers, a construction of its own, and proofs that hold for nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.merkle import leaf_hash, path_of, root_by_path, root_of

# The entries and roots by which implementations of certificate transparency are compared.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
DATA = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def by_definition(entries: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = max(2**i for i in range(len(entries)) if 2**i < len(entries))
    left, right = by_definition(entries[:k]), by_definition(entries[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size):
    assert root_of(map(leaf_hash, ENTRIES[:size])).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert root_of([]) == hashlib.sha256().digest()


@given(DATA)
def test_the_root_is_that_of_the_definition(entries):
    assert root_of(map(leaf_hash, entries)) == by_definition(entries)


@given(DATA, st.data())
def test_a_path_leads_to_the_root_from_its_place_alone(entries, data):
    leaves = [leaf_hash(entry) for entry in entries]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, root = path_of(index, leaves), root_of(leaves)
    assert root_by_path(leaves[index], index, len(leaves), path) == root
    assert root_by_path(leaf_hash(b"something else"), index, len(leaves), path) != root
    with pytest.raises(ValueError):
        root_by_path(leaves[index], index, len(leaves), [*path, bytes(32)])
    if path:
        with pytest.raises(ValueError):
            root_by_path(leaves[index], index, len(leaves), path[:-1])


@given(DATA, st.data())
def test_any_other_leaf_or_order_has_another_root(entries, data):
    leaves = [leaf_hash(b"%d " % at + entry) for at, entry in enumerate(entries)]
    other = data.draw(st.permutations(leaves) | st.just(leaves[:-1]))
    assert (root_of(other) == root_of(leaves)) == (list(other) == leaves)
