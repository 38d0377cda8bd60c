"""Example pictures of registered works in the embedded Postgres, and who may do what with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classifiers.copy_vectors import COPY_MODEL, copy_examples
from classifiers.models import PACKAGED_MODELS
from core.errors import BadInput, BadMedia, Forbidden, NotFound, Unavailable
from core.roles import Principal, Role
from pipeline.at_rest.key_store import KeyStore
from pipeline.ledgers.database import Database
from pipeline.rights.work_image_service import WorkImageService
from registry.rights import work_images
from registry.rights.registered_works import PostgresWorks, RegisteredWork
from registry.rights.work_images import PostgresWorkImages

pytestmark = pytest.mark.postgres

MODEL = "clip_image_tower"
FOX = RegisteredWork(id="w2", kind="character", names=("Bramblefox",), holder="acme", terms="forbid")
HOLDER = Principal(id="acme", roles=frozenset({Role.PLATFORM}))
OTHER = Principal(id="other", roles=frozenset({Role.PLATFORM}))
OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))
MODERATOR = Principal(id="mod", roles=frozenset({Role.MODERATOR}))


class AnyTower:
    """Describes every picture alike: what is stored is tested here, and not what is alike."""

    def encode(self, pictures):
        return np.full((len(pictures), 512), 512**-0.5, np.float32)


class AnyModels:
    def get(self, name):
        return AnyTower() if name == MODEL else PACKAGED_MODELS.get(name)


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(str(tmp_path / "vault"), tmp_path / "keys")


@pytest.fixture
def works(database: Database) -> PostgresWorks:
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE works CASCADE")
    kept = PostgresWorks(database)
    kept.put([FOX])
    return kept


@pytest.fixture
def images(database: Database, works: PostgresWorks, keys: KeyStore) -> PostgresWorkImages:
    return PostgresWorkImages(database, keys, works.all)


@pytest.fixture
def service(images: PostgresWorkImages, works: PostgresWorks) -> WorkImageService:
    return WorkImageService(images=images, works=works, models=AnyModels())


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.full((120, 160, 3), 255, np.uint8)
    pixels[20:100, 30:120] = (200, 40, 10)
    Image.fromarray(pixels).save(tmp_path / "fox.png")
    return tmp_path / "fox.png"


def vectors(value: float = 512**-0.5) -> np.ndarray:
    return np.full((2, 512), value, np.float32)


def added(images: PostgresWorkImages, pdq: bytes = b"x" * 32, work: str = "w2"):
    return images.add(work, b"a picture", (4, 3), model=MODEL, pdq=pdq, vectors=vectors(), added_by="acme")


def test_what_is_added_in_one_process_is_compared_with_in_another_at_once(
    database: Database, images: PostgresWorkImages, works: PostgresWorks, keys: KeyStore
) -> None:
    elsewhere = PostgresWorkImages(database, keys, PostgresWorks(database).all)
    assert elsewhere.examples(MODEL) == ()
    image = added(images)
    [work] = elsewhere.examples(MODEL)
    assert (work.work, work.terms, work.false_match_rate) == ("w2", "forbid", 0.01)
    [example] = work.examples
    assert (example.image, example.pdq) == (image.id, b"x" * 32)
    assert np.allclose(example.vectors, vectors(), atol=1e-3) and example.vectors.dtype == np.float32
    assert elsewhere.examples(MODEL) is elsewhere.examples(MODEL)
    works.put([RegisteredWork(id="w2", kind="character", names=("Bramblefox",), terms="allow")])
    assert elsewhere.examples(MODEL) == ()  # its holder allows every use: it is not looked for


def test_what_another_model_made_is_not_compared_with(images: PostgresWorkImages) -> None:
    added(images)
    assert images.examples("another") == ()


def test_nothing_of_a_picture_lies_in_the_database_in_the_clear(database: Database, images: PostgresWorkImages) -> None:
    image = added(images)
    with database.connection() as connection:
        stored = connection.execute("SELECT i.sealed, d.sealed FROM work_images i, work_descriptors d").fetchone()
    assert stored and b"a picture" not in stored[0] and b"x" * 32 not in stored[1]
    assert images.picture("w2", image.id) == b"a picture"


def test_what_is_removed_is_not_compared_with_and_a_destroyed_key_erases_all(
    images: PostgresWorkImages, keys: KeyStore
) -> None:
    one, two = added(images), added(images, pdq=b"")
    assert images.remove("w2", one.id) and not images.remove("w2", one.id) and not images.remove("w3", two.id)
    assert [e.image for e in images.examples(MODEL)[0].examples] == [two.id]
    assert images.destroy("w2") == 1 and images.examples(MODEL) == () and images.list("w2") == []
    with pytest.raises(NotFound):
        images.picture("w2", two.id)


def test_a_picture_that_was_altered_is_not_shown(database: Database, images: PostgresWorkImages) -> None:
    image = added(images)
    with database.owner_connection() as connection:
        connection.execute("UPDATE work_images SET sealed = sealed || '\\x00'::bytea")
    with pytest.raises(Unavailable, match="altered"):
        images.picture("w2", image.id)


def test_a_work_has_a_bounded_number_of_pictures(images: PostgresWorkImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_images, "MAX_WORK_IMAGES", 2)
    added(images), added(images)
    with pytest.raises(BadInput, match="at most 2"):
        added(images)
    with pytest.raises(NotFound):
        added(images, work="nobody's")


def test_the_holder_and_operators_change_a_works_pictures_and_moderators_only_see_them(
    service: WorkImageService, picture: Path
) -> None:
    [mine] = service.add(HOLDER, "w2", picture)
    [theirs] = service.add(OPERATOR, "w2", picture)
    found = service.of_work(HOLDER, "w2")
    assert [one.id for one in found.images] == [mine.id, theirs.id] and found.strength
    assert found.advice.startswith("Too few examples")
    assert service.picture(MODERATOR, "w2", mine.id)[:2] == b"\xff\xd8"
    for act in (
        lambda who: service.add(who, "w2", picture),
        lambda who: service.of_work(who, "w2"),
        lambda who: service.remove(who, "w2", mine.id),
    ):
        with pytest.raises(NotFound):
            act(OTHER)
        with pytest.raises(Forbidden):
            act(MODERATOR)
    with pytest.raises(NotFound):
        service.picture(OTHER, "w2", mine.id)
    assert [work.id for work in service.registered(HOLDER)] == ["w2"] and service.registered(OTHER) == []
    assert service.remove(HOLDER, "w2", theirs.id)


def test_a_picture_of_one_colour_and_a_file_that_is_no_picture_are_refused(
    service: WorkImageService, tmp_path: Path
) -> None:
    Image.new("RGB", (80, 80), "white").save(tmp_path / "white.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(BadInput, match="of one colour"):
        service.add(HOLDER, "w2", tmp_path / "white.png")
    with pytest.raises(BadMedia):
        service.add(HOLDER, "w2", tmp_path / "text.png")


@pytest.mark.parametrize("bad", [{"terms": "maybe"}, {"false_match_rate": 0.5}, {"false_match_rate": 0.0}])
def test_terms_and_rates_that_nobody_may_have_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        RegisteredWork(**{"id": "w", "kind": "work", "names": ("Some Name",)} | bad)  # type: ignore[arg-type]


def test_examples_that_were_kept_before_sscd_was_installed_are_described_from_their_pictures(images, works, tmp_path):
    """The net is in its place here, as Python 3.11 has none; the pictures are those that Postgres keeps."""

    class MeanColour:
        def encode(self, pictures):
            rows = np.zeros((len(pictures), 512), np.float32)
            rows[:, :3] = [picture.reshape(-1, 3).mean(axis=0) - 127.5 for picture in pictures]
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    class WithCopies(AnyModels):
        def get(self, name):
            return MeanColour() if name == COPY_MODEL else super().get(name)

    service = WorkImageService(images=images, works=works, models=AnyModels())
    picture = tmp_path / "fox.png"
    fox = Image.new("RGB", (200, 120), (250, 120, 20))
    fox.paste((20, 40, 20), (60, 30, 120, 90))
    fox.save(picture)
    [kept] = service.add(HOLDER, "w2", picture)
    described = copy_examples(images.examples(MODEL), images, WithCopies())
    assert (described.works, described.images) == (("w2",), (kept.id,))
    assert float(described.vectors[0] @ MeanColour().encode([np.asarray(fox)])[0]) > 0.999
    before = images.examples(MODEL)
    assert service.remove(HOLDER, "w2", kept.id)
    assert copy_examples(before, images, WithCopies()).images == ()
