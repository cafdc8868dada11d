"""The Merkle tree of RFC 9162, section 2.1: its root and the proofs that one entry is in it.

A leaf is SHA-256(0x00 ‖ data) and a node SHA-256(0x01 ‖ left ‖ right), so that no node can be
passed off as a leaf.
"""

import hashlib
from collections.abc import Iterable, Sequence


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """From leaf hashes, with as many hashes in memory as the tree is high."""
    peaks: list[bytes] = []
    for number, leaf in enumerate(leaves):
        peaks.append(leaf)
        # As many subtrees are full now as the number ends in ones.
        while number & 1:
            right, left = peaks.pop(), peaks.pop()
            peaks.append(node_hash(left, right))
            number >>= 1
    if not peaks:
        return hashlib.sha256().digest()
    root = peaks.pop()
    while peaks:
        root = node_hash(peaks.pop(), root)
    return root


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """What it takes to get from that leaf to the root, from the bottom up."""
    if len(leaves) <= 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path_of(index, leaves[:half]), root_of(leaves[half:])]
    return [*path_of(index - half, leaves[half:]), root_of(leaves[:half])]


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that this path leads to (RFC 9162, 2.1.3.2). Raises ValueError for a path that
    is too long or too short for the place."""
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ValueError("the path is too long")
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return found
