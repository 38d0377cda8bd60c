"""The reader of CEL's own syntax tree."""

from __future__ import annotations

import pytest

from policy.cel.compiled_rule import cel_environment
from policy.cel.syntax_tree import NodeKind, parse_syntax_tree
from tests.unit.policy.packs import VOCABULARY

ENV = cel_environment(VOCABULARY)


@pytest.mark.parametrize(
    ("condition", "labels"),
    [
        ("gore >= 0.5", {"gore"}),
        (".gore >= 0.5", {"gore"}),
        ("has_reference || nudity > 0.1 && sexual > 0.1", {"nudity", "sexual"}),
        ("[0.1, hate].exists(x, x > 0.5)", {"hate"}),
        ("[0.1].exists(x, x > gore)", {"gore"}),
        ("{'a': gore}.size() > 0", {"gore"}),
        ("audience == 'gore'", set()),
        ("author_strikes > 1", set()),
    ],
)
def test_labels_are_found_wherever_they_stand(condition: str, labels: set[str]) -> None:
    assert parse_syntax_tree(ENV.compile(condition).serialize()).names(VOCABULARY.labels) == labels


def test_the_tree_is_that_of_the_text() -> None:
    root = parse_syntax_tree(ENV.compile("gore >= 0.5 && has_reference").serialize())
    assert (root.kind, root.name, root.offset) == (NodeKind.CALL, "_&&_", 12)
    score, threshold = root.parts[0].parts
    assert (score.kind, score.name, score.offset) == (NodeKind.NAME, "gore", 0)
    assert (threshold.kind, threshold.number, threshold.offset) == (NodeKind.NUMBER, 0.5, 8)


def test_positions_count_characters_and_not_bytes() -> None:
    text = "audience == 'ü€😀' && gore < 0.5"
    root = parse_syntax_tree(ENV.compile(text).serialize())
    assert text[root.parts[1].offset] == "<"


def test_macros_are_read_as_other_and_so_never_proved() -> None:
    assert parse_syntax_tree(ENV.compile("[gore].all(x, x > 0.5)").serialize()).kind is NodeKind.OTHER


def test_bytes_that_are_no_expression_are_refused() -> None:
    with pytest.raises(TypeError):
        parse_syntax_tree(b"\x08\x01")
