"""Search among templates: exact, in cells, and what comes and goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.embedding_spaces import EMBEDDING_SPACES, FACE_SPACE, EmbeddingSpace
from core.errors import BadInput
from registry.templates.brute_force_index import BruteForceIndex, TemplateBatch, validate_template
from registry.templates.inverted_file_index import InvertedFileIndex
from registry.templates.template_index import TemplateIndex

LENGTH = 8


def vectors(count: int, seed: int = 1) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, LENGTH)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def batch(count: int, *, first: int = 0, seed: int = 1) -> TemplateBatch:
    keys = list(range(first, first + count))
    return TemplateBatch(keys, [f"p{key}" for key in keys], ["other"] * count, vectors(count, seed))


def test_no_two_spaces_share_a_name() -> None:
    assert len({space.name for space in EMBEDDING_SPACES}) == len(EMBEDDING_SPACES)


def test_a_template_of_another_length_is_refused() -> None:
    with pytest.raises(BadInput, match="512"):
        validate_template(np.zeros(128), FACE_SPACE)
    with pytest.raises(ValueError):
        EmbeddingSpace("", 3)
    with pytest.raises(ValueError):
        EmbeddingSpace("shorter", 3, extends=FACE_SPACE)


@pytest.mark.parametrize(
    "make",
    [
        lambda: BruteForceIndex(LENGTH),
        lambda: InvertedFileIndex(vectors(40, 2), nlist=8),
        lambda: TemplateIndex(LENGTH, brute_force_limit=10),
    ],
    ids=["exact", "cells", "grows"],
)
@settings(deadline=None, max_examples=40)
@given(moves=st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60), probe=st.integers(0, 30))
def test_after_any_coming_and_going_the_nearest_is_what_a_plain_search_finds(make, moves, probe) -> None:
    known, held, search = vectors(31), {}, make()
    for adding, key in moves:
        if adding:
            search.add(TemplateBatch([key], [f"p{key}"], ["other"], known[key][None]))
            held[key] = known[key]
        else:
            search.remove([key])
            held.pop(key, None)
    assert len(search) == len(held)
    found = search.nearest(known[probe])
    if not held:
        assert found is None
        return
    best = min(held, key=lambda key: float(np.linalg.norm(held[key] - known[probe])))
    assert found is not None and found[0] == f"p{best}"
    others = search.nearest(known[probe], exclude=[f"p{best}"])
    assert (others is None) == (len(held) == 1) and (others is None or others[0] != f"p{best}")


def test_what_was_removed_is_not_kept_in_memory() -> None:
    exact = BruteForceIndex(LENGTH)
    exact.add(batch(3))
    exact.remove([0, 1, 2])
    assert not exact._vectors.any() and exact.nearest(vectors(1)[0]) is None


def filled(count: int) -> InvertedFileIndex:
    cells = InvertedFileIndex(vectors(count), nlist=48)
    cells.add(batch(count))
    return cells


def test_cells_find_a_template_that_moved_a_little_and_know_nobody_who_left() -> None:
    all_of_them, cells = batch(600), filled(600)
    found = [cells.nearest(vector + 0.02) for vector in all_of_them.vectors]
    assert sum(match is not None and match[0] == name for match, name in zip(found, all_of_them.ids, strict=True)) > 590
    cells.remove(range(0, 600, 2))
    assert len(cells) == 300
    assert all((match := cells.nearest(vector)) is None or int(match[0][1:]) % 2 for vector in all_of_them.vectors[::2])


def test_in_cells_a_persons_own_templates_are_never_missed() -> None:
    cells = filled(600)
    far = -vectors(600)[5]
    assert cells.nearest(far, only=["p5"])[0] == "p5"
    assert cells.nearest(far, only=["nobody"]) is None
    assert cells.nearest(vectors(600)[5], exclude=["p5"])[0] != "p5"


def test_when_they_grow_many_they_move_into_cells_and_lose_nobody() -> None:
    live = TemplateIndex(LENGTH, brute_force_limit=100)
    for first in range(0, 300, 20):
        live.add(
            TemplateBatch(
                *(
                    list(part)
                    for part in (range(first, first + 20), [f"p{n}" for n in range(first, first + 20)], ["other"] * 20)
                ),
                vectors(300)[first : first + 20],
            )
        )
    assert len(live) == 300
    assert all(live.nearest(vector)[0] == f"p{n}" for n, vector in enumerate(vectors(300)))
    live.add(batch(20))  # keys that are there already
    assert len(live) == 300
