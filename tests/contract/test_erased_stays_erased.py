"""Whatever was under way when somebody was erased stores nothing of them afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from psycopg.errors import RestrictViolation

from core.errors import Erased, NotFound
from tests.contract.cameo_installation import ANA, MIRA
from tests.contract.test_recognised import video_showing

pytestmark = pytest.mark.postgres


@pytest.fixture
def erased(house):
    """A cameo that was erased a moment ago, as whoever is at work with it still has it in hand."""
    mira = house.add_cameo()
    house.service.erase(MIRA, "mira")
    assert house.stores.cameos.get(mira.id).state == "erased"
    return mira


def stored(house, table, column, value):
    with house.database.connection() as connection:
        return connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [value]).fetchone()[0]


def test_words_are_not_kept_and_no_key_is_made_for_them(house, erased):
    with pytest.raises(Erased):
        house.context.texts.put("that was me", case_id=erased.id)
    assert stored(house, "texts", "case_id", erased.id) == 0
    with pytest.raises(NotFound):
        house.context.texts._keys.get(erased.id)


@pytest.mark.parametrize("what", ["template", "picture", "report"])
def test_neither_face_nor_picture_nor_report_comes_after_the_erasure(house, erased, what):
    with pytest.raises(RestrictViolation):
        if what == "template":
            house.stores.templates.add(erased.id, "face", "m/1", np.ones(4, np.float32))
        elif what == "picture":
            house.stores.enrolment_pictures.add(erased.id, b"a picture")
        else:
            house.stores.answers.report("c" * 16, erased.id, "t")
    for table in ("cameo_templates", "enrolment_pictures", "likeness_reports"):
        assert stored(house, table, "cameo", erased.id) == 0


def test_what_is_kept_of_others_is_not_touched_by_that(house, erased):
    ben = house.add_cameo("ben", ANA)
    video = video_showing(house, ben)
    house.service.report(ANA, "ben", video.id, note="not like this")
    house.stores.templates.add(ben.id, "face", "m/1", np.ones(4, np.float32))
    assert stored(house, "likeness_reports", "cameo", ben.id) == 1
    assert house.context.texts.read(house.context.texts.put("words", case_id=video.id)) == "words"
