"""Merkle trees of RFC 6962 over SHA-256: roots, proofs of inclusion and of consistency, and how those are checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """The hash of an entry: 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MerkleFrontier:
    """The roots of the complete subtrees of a tree, the largest first: all that is needed to let it grow."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> MerkleFrontier:
        """The frontier after one more leaf hash."""
        roots, carry, size = list(self.roots), leaf, self.size
        while size & 1:
            carry, size = hash_children(roots.pop(), carry), size >> 1
        return MerkleFrontier(size=self.size + 1, roots=(*roots, carry))

    @property
    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = hash_children(left, root)
        return root


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = MerkleFrontier()
    for leaf in leaves:
        frontier = frontier.add(leaf)
    return frontier.root


def prove_inclusion(leaves: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """The proof that the leaf at `position` is in the tree over all of them, from its sibling up (RFC 6962, 2.1.1)."""
    if not 0 <= position < len(leaves):
        raise ValueError(f"position {position} is not in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    half = _split(len(leaves))
    if position < half:
        return (*prove_inclusion(leaves[:half], position), tree_root(leaves[half:]))
    return (*prove_inclusion(leaves[half:], position - half), tree_root(leaves[:half]))


def prove_consistency(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The proof that the tree over the first `old_size` leaves is a beginning of the whole one (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"a tree of {old_size} is no beginning of one of {len(leaves)}")
    return _subproof(leaves, old_size, complete=True)


def inclusion_holds(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof of inclusion leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    first, last, computed = position, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            computed = hash_children(sibling, computed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            computed = hash_children(computed, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and computed == root


def consistency_holds(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof of consistency leads from the old root to the new one (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    first, last = old_size - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_computed = computed = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_computed, computed = hash_children(step, old_computed), hash_children(step, computed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            computed = hash_children(computed, step)
        first, last = first >> 1, last >> 1
    return last == 0 and old_computed == old_root and computed == root


def _subproof(leaves: Sequence[bytes], old_size: int, *, complete: bool) -> tuple[bytes, ...]:
    if old_size == len(leaves):
        return () if complete else (tree_root(leaves),)
    half = _split(len(leaves))
    if old_size <= half:
        return (*_subproof(leaves[:half], old_size, complete=complete), tree_root(leaves[half:]))
    return (*_subproof(leaves[half:], old_size - half, complete=False), tree_root(leaves[:half]))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
