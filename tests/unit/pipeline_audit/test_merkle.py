"""Merkle trees against the vectors of Certificate Transparency, and proofs against every other tree."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.merkle import (
    EMPTY_ROOT,
    MerkleFrontier,
    consistency_holds,
    hash_children,
    hash_leaf,
    inclusion_holds,
    prove_consistency,
    prove_inclusion,
    tree_root,
)

# The leaves and roots that the reference implementations of RFC 6962 share.
_LEAVES_IN_HEX = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
LEAVES = [bytes.fromhex(leaf) for leaf in _LEAVES_IN_HEX]
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


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert tree_root([hash_leaf(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert MerkleFrontier().root == EMPTY_ROOT == hashlib.sha256(b"").digest()


def _recursive(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hash_children(_recursive(leaves[:half]), _recursive(leaves[half:]))


@given(st.integers(1, 70))
def test_a_tree_that_grew_is_the_tree_of_the_definition(size: int) -> None:
    leaves = [hash_leaf(bytes([n])) for n in range(size)]
    assert tree_root(leaves) == _recursive(leaves)


@given(st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_place_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    position, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    leaves = [hash_leaf(bytes([n])) for n in range(size)]
    proof, root = prove_inclusion(leaves, position), tree_root(leaves)
    assert inclusion_holds(leaves[position], position, size, proof, root)
    assert inclusion_holds(leaves[other], position, size, proof, root) == (other == position)
    assert not inclusion_holds(leaves[position], position, size, (*proof, root), root)
    assert not inclusion_holds(leaves[position], size, size, proof, root)


@given(st.data())
def test_a_consistency_proof_holds_for_a_beginning_and_nothing_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, size))
    leaves = [hash_leaf(bytes([n])) for n in range(size)]
    proof = prove_consistency(leaves, old)
    root, old_root = tree_root(leaves), tree_root(leaves[:old])
    assert consistency_holds(old, old_root, size, root, proof)
    assert not consistency_holds(old, hash_leaf(b"else"), size, root, proof)
    assert not consistency_holds(old, old_root, size, hash_leaf(b"else"), proof)
    assert consistency_holds(old, old_root, size, root, (*proof, root)) is False
