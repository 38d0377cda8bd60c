"""From a case and the settings to a finished file: what it was made from, the label, the signer, the alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.case import Case, Phase
from core.errors import SealBroken, Unavailable
from core.events import Commissioned, Judged, Measured, Rendered, Sealed, Submitted
from core.verdicts import Decision, Gate, Verdict
from media.labels.label_terms import VisibleLabel
from pipeline.blobstores.blob_store import FsspecBlobStore
from pipeline.blobstores.public_store import FsspecPublicStore
from pipeline.diagnostics.installation_checks import run_diagnostics
from pipeline.sealing import CaseSealer, seal_order_for, signing_keys
from pipeline.settings import Settings
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.verification.ingredient_facts import FactsWithParents
from pipeline.verification.verifier import StandaloneVerifier
from provenance.c2pa.manifest_definition import build_manifest_definition, drawn_label
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.expiry_warnings import expiry_warnings
from provenance.c2pa.signers.keys_folder import SIGNER_KEY_FILE, TRUSTED_TSAS_FILE
from provenance.c2pa.trust_store import TrustList
from provenance.c2pa.writer import sign_file
from provenance.metadata.xmp_reader import read_embedded_labels
from tests.integration.provenance.conftest import pem
from tests.lawful import carry
from tests.stub_pipeline.stage_parts import StubFacts
from tests.unit.provenance.conftest import make_order

CASE, PARENT = "00112233445566bb", "00112233445566cc"
ALLOW = {"decision": Decision.ALLOW, "policy": "ab" * 32}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", provider="Example Studio")
    make_dev_keys(settings.keys_folder)
    return settings


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def vault(tmp_path: Path) -> FsspecBlobStore:
    return FsspecBlobStore((tmp_path / "vault").as_uri())


@pytest.fixture
def footage(bunny: Path, tmp_path: Path) -> Path:
    """The first 2.2 seconds of the demo clip, copied without encoding."""
    path = tmp_path / "footage.mp4"
    with av.open(str(bunny)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < 2.2:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return path


def cleared(ledger, vault, footage: Path, case_id: str = CASE, **asked) -> Case:
    asset = vault.put(footage, media_type="video/mp4", owner=case_id)
    return ledger.append(
        Case(id=case_id),
        [
            Submitted(author="someone", prompt="t1", **asked),
            Measured(signals=()),
            Judged(verdict=Verdict(gate=Gate.PROMPT, **ALLOW)),
            Commissioned(engine="wan", engine_version="2.2", job="j"),
            Rendered(asset=asset, engine="wan", engine_version="2.2", duration=2.2, width=1280, height=720),
            Measured(signals=()),
            Judged(verdict=Verdict(gate=Gate.VIDEO, **ALLOW)),
        ],
    )


def published(ledger, vault, settings, clip: Path, tmp_path: Path) -> Path:
    """A case that was sealed before; its file."""
    keys, path = signing_keys(settings), tmp_path / "parent.mp4"
    sign_file(
        clip,
        path,
        build_manifest_definition(replace(make_order(), case_id=PARENT), payload="01" * 12),
        keys.signer,
        trust=keys.trust,
    )
    case = cleared(ledger, vault, clip, PARENT)
    asset = vault.put(path, media_type="video/mp4", owner=PARENT)
    sealed = Sealed(asset=asset, payload="01" * 12, manifest_id="m", manifest=asset, soft_binding="s")
    ledger.append(case, [sealed])
    return path


@pytest.mark.slow
def test_a_remix_with_a_picture_is_labelled_marked_and_names_both(settings, ledger, vault, footage, clip, tmp_path):
    settings = settings.model_copy(update={"label_regions": "eu", "verifier_page": "https://check.example/"})
    parent = published(ledger, vault, settings, clip, tmp_path)
    Image.new("RGB", (64, 64), "red").save(tmp_path / "picture.png")
    picture = vault.put(tmp_path / "picture.png", media_type="image/png", owner=CASE)
    case = cleared(ledger, vault, footage, parent=PARENT, references=(picture,), region="DE")
    (tmp_path / "out").mkdir()
    sealed = sealer(settings, ledger, vault).seal(case, footage, tmp_path / "out" / "sealed.mp4")
    trust = signing_keys(settings).trust
    reading = read_credentials_report(tmp_path / "out" / "sealed.mp4", trust)
    assert reading.credentials.state == "trusted" and reading.case_id == CASE
    assert {one.value for one in reading.soft_bindings} == {sealed.payload, "01" * 12}
    assert read_credentials_report(parent, trust).credentials.manifest_id != sealed.manifest_id
    assert read_embedded_labels(tmp_path / "out" / "sealed.mp4").aigc["ContentProducer"] == "Example Studio"
    assert labelled_rows(tmp_path / "out" / "sealed.mp4") > labelled_rows(footage) + 20
    finding = StandaloneVerifier(settings=settings).verify(tmp_path / "out" / "sealed.mp4")
    layers = {one.layer: one for one in finding.layers}
    assert layers["watermark_picture"].state == layers["visible_label"].state == "found"
    assert "“AI GENERATED künstlich erzeugt Example Studio” (throughout)" in layers["visible_label"].says


def labelled_rows(path: Path) -> int:
    """Rows in the upper right of the first picture that hold both very dark and very light points."""
    with av.open(str(path)) as container:
        corner = next(container.decode(video=0)).to_ndarray(format="gray")[:180, -600:]
    return int(np.count_nonzero((corner.max(axis=1) > 225) & (np.percentile(corner, 20, axis=1) < 50)))


def test_a_remix_of_what_was_never_sealed_here_is_not_sealed(settings, ledger, vault, clip, tmp_path):
    case = cleared(ledger, vault, clip, parent="f" * 16)
    with pytest.raises(SealBroken, match="never sealed here"):
        sealer(settings, ledger, vault).seal(case, clip, tmp_path / "sealed.mp4")
    assert not (tmp_path / "sealed.mp4").exists()


def test_the_order_says_what_the_settings_say_of_provider_and_label(settings, ledger, vault, clip):
    case = cleared(ledger, vault, clip)
    plain = seal_order_for(case, ledger, settings)
    assert (plain.provider, plain.label, plain.verifier) == ("Example Studio", None, "")
    more = settings.model_copy(update={"label": "whole", "provider": "", "verifier_page": "https://c.example/"})
    order = seal_order_for(case, ledger, more)
    assert (order.provider, order.label) == ("Assay", VisibleLabel(text="AI-generated | Assay"))
    assert drawn_label(replace(order, synthetic=False)) is None  # served footage of which nobody says that AI made it


# What policy is told


def damaged(path: Path, keys, clip: Path) -> Path:
    sign_file(clip, path, build_manifest_definition(make_order(), payload="01" * 12), keys.signer, trust=keys.trust)
    content = bytearray(path.read_bytes())
    content[content.index(b"mdat") + 500] ^= 1
    path.write_bytes(content)
    return path


def with_parents(known, ledger, settings, vault, workdir):
    inner = StubFacts(lambda _case: known)
    return FactsWithParents(inner=inner, ledger=ledger, settings=settings, blob_store=vault, workdir=workdir).facts


def sealer(settings, ledger, vault) -> CaseSealer:
    public_store = FsspecPublicStore(str(settings.home / "published"))
    return CaseSealer(settings=settings, ledger=ledger, blob_store=vault, public_store=public_store, rests_on=None)


def test_policy_is_told_of_damaged_references_and_of_a_damaged_rendering(settings, ledger, vault, clip, tmp_path):
    broken = damaged(tmp_path / "broken.mp4", signing_keys(settings), clip)
    facts = with_parents({"seconds": 1.0}, ledger, settings, vault, tmp_path / "work")
    reference = vault.put(broken, media_type="video/mp4", owner=CASE)
    asked = ledger.append(Case(id="1" * 16), [Submitted(author="a", prompt="t", references=(reference,))])
    assert facts(asked) == {"seconds": 1.0, "damaged_parents": 1, "reference_sealed_here": False}
    assert facts(cleared(ledger, vault, broken, "2" * 16))["damaged_parents"] == 1
    assert facts(cleared(ledger, vault, clip, "3" * 16))["damaged_parents"] == 0


def test_a_case_made_from_nothing_needs_no_keys_to_be_judged(tmp_path, ledger, vault):
    facts = with_parents({}, ledger, Settings(home=tmp_path / "empty"), vault, tmp_path / "work")
    alone = facts(ledger.append(Case(id="4" * 16), [Submitted(author="a", prompt="t")]))
    assert alone == {"damaged_parents": 0, "reference_sealed_here": False}


def test_only_the_published_video_itself_is_a_reference_that_was_sealed_here(settings, ledger, vault, clip, tmp_path):
    facts = with_parents({}, ledger, settings, vault, tmp_path / "work")
    file = vault.put(clip, media_type="video/mp4", owner=CASE)
    sealed = Sealed(asset=file, payload="00", manifest_id="m", manifest=file, soft_binding="b")
    source = carry(ledger, Case(id="5" * 16), Phase.SEALED, sealed=sealed)

    def told(name, parent="5" * 16, references=(file,)):
        asked = Submitted(author="a", prompt="t", parent=parent, references=references)
        return facts(ledger.append(Case(id=name * 16), [asked]))["reference_sealed_here"]

    assert not told("6")  # sealed, and not yet published
    source = carry(ledger, source, Phase.PUBLISHED)
    assert told("7")
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes() + b"\0" * 8)
    changed = vault.put(other, media_type="video/mp4", owner=CASE)
    assert not told("8", references=(changed,)) and not told("9", references=(file, changed))
    assert not told("a", parent="") and not told("b", parent="f" * 16) and not told("c", references=())
    carry(ledger, source, Phase.RECALLED)
    assert not told("d")


# The doctor


def told(settings: Settings, monkeypatch) -> list[tuple[str, str]]:
    from pipeline.diagnostics import installation_checks

    monkeypatch.setattr(installation_checks, "_installation", lambda _: iter(()))
    monkeypatch.setattr(installation_checks, "_models", lambda _: iter(()))
    return [(one.state, one.says) for one in run_diagnostics(settings)]


def test_the_doctor_tries_the_signer_and_tells_of_time_stamps(settings, monkeypatch):
    found = {says: state for state, says in told(settings, monkeypatch)}
    assert any("(a file) signs" in says for says in found)
    assert any("no time-stamping authority" in says and state == "lacks" for says, state in found.items())
    stamped = settings.model_copy(update={"tsa_url": "http://127.0.0.1:9/", "timestamp": "queue"})
    assert any("sealing waits for 900 s" in says for _, says in told(stamped, monkeypatch))


def test_the_doctor_finds_a_signer_that_cannot_sign(settings, monkeypatch):
    (settings.keys_folder / SIGNER_KEY_FILE).unlink()
    assert ("broken", "there is no signing key here: put one into the keys folder, or choose another signer") in told(
        settings, monkeypatch
    )
    service = settings.model_copy(update={"signer": "http", "signer_url": "http://127.0.0.1:9/"})
    assert any(state == "broken" and "signer.key-id" in says for state, says in told(service, monkeypatch))
    (settings.keys_folder / "signer.key-id").write_text("a")
    assert any(state == "broken" and "did not answer" in says for state, says in told(service, monkeypatch))


def test_the_doctor_tells_of_certificates_that_run_out(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "home")
    make_dev_keys(settings.keys_folder, now=datetime.now(UTC) - timedelta(days=350))
    assert any(
        state == "lacks" and "signing certificate runs out" in says for state, says in told(settings, monkeypatch)
    )
    old = Settings(home=tmp_path / "old")
    made = make_dev_keys(old.keys_folder, now=datetime.now(UTC) - timedelta(days=400))
    assert made.result == "made"
    assert any(state == "broken" and "ran out" in says for state, says in told(old, monkeypatch))


def test_a_root_of_time_stamps_that_runs_out_is_told_of_and_official_lists_are_not(settings, tsa_root):
    (settings.keys_folder / TRUSTED_TSAS_FILE).write_text(pem(tsa_root.certificate))
    keys = signing_keys(settings)
    later = tsa_root.certificate.not_valid_after_utc - timedelta(days=5)
    assert any("time-stamping authorities runs out" in one for one in expiry_warnings(keys, later))
    official = (TrustList(name="urn:list:c2pa-tsa", pem=pem(tsa_root.certificate)),)
    others = replace(keys, trust=replace(keys.trust, timestamp_authorities=official))
    assert not any("time-stamping" in one for one in expiry_warnings(others, later))


def test_an_outage_reaches_the_pipeline_as_something_to_try_again(settings, ledger, vault, clip, tmp_path, monkeypatch):
    from provenance import watermark
    from tests.unit.provenance.conftest import StandInWatermark

    stand_in = StandInWatermark()

    def mark(src, dst, *, payload, key, encoding, growth):
        stand_in.mark(src, dst, payload=payload, key=key)

    monkeypatch.setattr(watermark, "mark_file", mark)
    monkeypatch.setattr(watermark, "detect_file", stand_in.detect)
    away = settings.model_copy(update={"tsa_url": "http://127.0.0.1:9/"})
    case = cleared(ledger, vault, clip)
    with pytest.raises(Unavailable, match="no time stamp"):
        sealer(away, ledger, vault).seal(case, clip, tmp_path / "sealed.mp4")
    assert not (tmp_path / "sealed.mp4").exists()
    never = away.model_copy(update={"timestamp": "none"})
    assert sealer(never, ledger, vault).seal(case, clip, tmp_path / "sealed.mp4").payload
