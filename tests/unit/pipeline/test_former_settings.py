"""Settings under their former names are read wherever settings come from, and never beside their new names."""

import pytest

from core.errors import BadInput
from pipeline.former_settings import FORMER_NAMES
from pipeline.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_file_nor_variables(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (*FORMER_NAMES, *FORMER_NAMES.values()):
        monkeypatch.delenv(f"ASSAY_{name.upper()}", raising=False)


def test_every_former_name_leads_to_a_setting_and_is_none_itself():
    assert set(FORMER_NAMES.values()) <= set(Settings.model_fields)
    assert not set(FORMER_NAMES) & set(Settings.model_fields)


def test_former_names_are_read_from_the_file(tmp_path):
    (tmp_path / "assay.toml").write_text(
        'vault_url = "s3://vault"\nshelf_url = "s3://published"\nface_nets = "insightface"\n'
    )
    settings = load_settings()
    assert (settings.blob_store_url, settings.public_store_url) == ("s3://vault", "s3://published")
    assert settings.face_backend == "insightface"


def test_former_variables_are_read(monkeypatch):
    monkeypatch.setenv("ASSAY_VAULT_URL", "s3://vault")
    monkeypatch.setenv("ASSAY_SHELF_URL", "s3://published")
    settings = load_settings()
    assert (settings.blob_store_url, settings.public_store_url) == ("s3://vault", "s3://published")


def test_former_arguments_are_read():
    assert load_settings(vault_url="s3://vault").blob_store_url == "s3://vault"


@pytest.mark.parametrize("setting", ["face_nets", "face_backend"])
def test_the_former_value_of_the_face_backend_is_read(monkeypatch, setting):
    monkeypatch.setenv(f"ASSAY_{setting.upper()}", "house")
    assert load_settings().face_backend == "bundled"


def test_a_variable_overrides_the_file_under_whichever_name(monkeypatch, tmp_path):
    (tmp_path / "assay.toml").write_text('blob_store_url = "s3://file"\nshelf_url = "s3://file"\n')
    monkeypatch.setenv("ASSAY_VAULT_URL", "s3://variable")
    monkeypatch.setenv("ASSAY_PUBLIC_STORE_URL", "s3://variable")
    settings = load_settings()
    assert (settings.blob_store_url, settings.public_store_url) == ("s3://variable", "s3://variable")


def test_both_names_at_once_are_refused(monkeypatch):
    monkeypatch.setenv("ASSAY_VAULT_URL", "s3://one")
    monkeypatch.setenv("ASSAY_BLOB_STORE_URL", "s3://other")
    with pytest.raises(BadInput, match="blob_store_url is given twice"):
        load_settings()


def test_an_unknown_setting_is_still_refused(monkeypatch, tmp_path):
    (tmp_path / "assay.toml").write_text('vault = "s3://vault"\n')
    with pytest.raises(BadInput, match="setting vault"):
        load_settings()
    (tmp_path / "assay.toml").unlink()
    monkeypatch.setenv("ASSAY_VAULT", "s3://vault")
    with pytest.raises(BadInput, match="ASSAY_VAULT is no setting"):
        load_settings()
