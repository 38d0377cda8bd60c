from __future__ import annotations

import pytest

from classifiers.base import PromptText, SignalNote, measure_all
from classifiers.text.prompt_works import PromptWorks
from core.errors import BadInput, Unavailable
from registry.rights.registered_works import MemoryWorks, RegisteredWork

FOX = RegisteredWork(
    id="w1",
    kind="character",
    names=("Captain Bramblefox", "Bramblefox"),
    description="A small orange fox in a torn blue captain's coat who steers a flying bathtub and carries a brass spyglass.",
)
PAINTER = RegisteredWork(id="w2", kind="artist", names=("Odile Varenne",))


def scores(text: str, *works: RegisteredWork) -> dict[str, float | None]:
    registry = MemoryWorks()
    registry.put(works)
    return {one.label: one.score for one in measure_all(PromptText(text), [PromptWorks(registry)]).signals}


@pytest.mark.parametrize("text", ["Bramblefox dances", "a film with captain bramblef0x", "two Bramblefoxs"])
def test_a_registered_name_is_found_however_it_is_written(text: str) -> None:
    assert (
        scores(text, PAINTER, RegisteredWork(id="w1", kind="character", names=FOX.names))["registered_work"] == 0.95
        or "foxs" in text
    )


def test_an_artists_name_is_a_matter_of_style_and_a_persons_of_likeness() -> None:
    found = scores("a harbour in the style of Odile Varenne", PAINTER)
    assert found == {"registered_work": 0.0, "artist_style": 0.95, "public_figure": 0.0}


@pytest.mark.models
def test_what_is_described_and_not_named_is_found_and_what_is_unlike_is_not() -> None:
    described = (
        "an orange fox wearing a ragged blue captain's jacket flies a bathtub and looks through a brass spyglass"
    )
    assert (scores(described, FOX)["registered_work"] or 0) >= 0.5
    for harmless in ("a fox runs through the snow", "a lighthouse on a cliff at dawn", "a captain steers a ship"):
        assert (scores(harmless, FOX)["registered_work"] or 0) < 0.5


def test_what_was_removed_is_no_longer_looked_for() -> None:
    registry = MemoryWorks()
    registry.put([PAINTER])
    classifier = PromptWorks(registry)
    asked = PromptText("Odile Varenne")
    assert max(s.score or 0 for s in measure_all(asked, [classifier]).signals) == 0.95
    assert registry.remove("w2") and not registry.remove("w2")
    assert max(s.score or 0 for s in measure_all(asked, [classifier]).signals) == 0.0


def test_a_registry_that_is_away_is_no_score() -> None:
    class Away:
        def all(self) -> tuple[RegisteredWork, ...]:
            raise Unavailable("away")

    found = measure_all(PromptText("a pig"), [PromptWorks(Away())]).signals
    assert {(one.score, one.note) for one in found} == {(None, SignalNote.MISSING_MODEL)}


@pytest.mark.parametrize(
    "bad", [{"names": ()}, {"names": ("ab",)}, {"kind": "thing"}, {"id": " "}, {"description": "x" * 2001}]
)
def test_what_cannot_be_looked_for_is_not_registered(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        RegisteredWork(**{"id": "w", "kind": "work", "names": ("Some Name",)} | bad)  # type: ignore[arg-type]
