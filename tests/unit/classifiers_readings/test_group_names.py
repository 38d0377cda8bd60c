"""A text that names a group is read as of another group, in its own language and form, and counts as no worse."""

import pytest

from classifiers.text.readings.group_names import read_as_one_group
from evals.prompts.groups import group_texts


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("A group of Jews bakes bread", "A group of deaf people bakes bread"),
        ("a Muslim woman rides a bicycle", "a deaf person rides a bicycle"),
        ("TWO BLACK MEN PLAY CHESS", "TWO DEAF PEOPLE PLAY CHESS"),
        ("Un groupe d'hindous lit dans le parc", "Un groupe de personnes sourdes lit dans le parc"),
        ("Grupa Żydów piecze chleb na ulicy", "Grupa osób głuchych piecze chleb na ulicy"),
        ("Un mundo sin sikhs para los latinos", "Un mundo sin sikhs para los personas sordas"),
        ("一群犹太人在烤面包", "一群聋人在烤面包"),
        ("مجموعة من اليهود تخبز", "مجموعة من الصم تخبز"),
    ],
)
def test_a_name_is_read_as_another_one(text: str, reading: str) -> None:
    assert read_as_one_group(text) == reading


@pytest.mark.parametrize(
    "text", ["a lighthouse at dawn", "many recipes", "वह बच्चों को गणित सिखाता है", "the womanly mend"]
)
def test_a_text_without_a_group_has_no_other_reading(text: str) -> None:
    assert read_as_one_group(text) is None


def test_all_groups_of_the_set_have_one_reading_so_that_none_can_count_for_more_than_another() -> None:
    readings: dict[tuple[str, bool, int], set[str | None]] = {}
    for text in group_texts():
        if not text.control:
            readings.setdefault((text.lang, text.harmful, text.act), set()).add(read_as_one_group(text.text))
    assert {len(found) for found in readings.values()} == {1}
    assert None not in set().union(*readings.values())
