"""What the laws ask a file to say, read back from the finished file: law by law, field by field, place by place.

Reference: provenance §5.5. CA: California B&P 22757.3; EU: AI Act Art. 50(2) and its code of practice; CN: GB 45438;
IN: IT Rules 2026; KR: AI Basic Act Art. 31. The same table, for people, is docs/how-to/marks-in-law.md.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import c2pa
import pytest

from core.finding import WatermarkFinding
from media.container_metadata import XMP_UUID
from media.labels.label_terms import VisibleLabel
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.library_settings import reading_settings
from provenance.c2pa.manifest_store import manifest_actions, manifest_assertions
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import TRUSTED_TSAS_FILE, load_keys
from provenance.c2pa.signers.signer_config import SignerConfig
from provenance.metadata.xmp_reader import EmbeddedLabels, read_embedded_labels, read_unsigned_metadata
from provenance.seal import seal
from tests.integration.provenance.conftest import pem
from tests.unit.provenance.conftest import StandInWatermark, make_order

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LABEL = VisibleLabel(text="AI GENERATED | Exämple", place="top_right")
PAGE = Path(__file__).parents[3] / "docs/how-to/marks-in-law.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A sealed file, and what each reader finds in it: the C2PA library, our reader, the box reader, FFmpeg, the detector."""

    path: Path
    payload: str
    manifest: dict[str, Any]
    report: CredentialsReport
    labels: EmbeddedLabels
    ffmpeg: dict[str, str]
    mark: WatermarkFinding

    def assertion(self, label: str) -> Any:
        return manifest_assertions(self.manifest, label)[0]

    @property
    def aigc(self) -> dict[str, str]:
        return json.loads(self.ffmpeg["AIGC"])


@pytest.fixture(scope="module")
def finished(tmp_path_factory, clip, tsa_root, tsa_url) -> Finished:
    folder = make_dev_keys(tmp_path_factory.mktemp("office") / "keys").folder
    (folder / TRUSTED_TSAS_FILE).write_text(pem(tsa_root.certificate))
    keys, watermark = load_keys(folder, SignerConfig(tsa_url=tsa_url)), StandInWatermark()
    path = tmp_path_factory.mktemp("finished") / "finished.mp4"
    order = replace(make_order(), provider="Exämple & Söhne <GmbH>", verifier="https://check.example/", label=LABEL)
    report = seal(clip, path, order, keys=keys, mark=watermark.mark, detect=watermark.detect)
    context = c2pa.Context(
        c2pa.Settings.from_dict(reading_settings(keys.trust.signers, (), keys.trust.extended_key_usages))
    )
    with path.open("rb") as stream, c2pa.Reader("video/mp4", stream, context=context) as reader:
        store = json.loads(reader.json())
    with av.open(str(path)) as container:
        metadata = dict(container.metadata)
    return Finished(
        path=path,
        payload=report.payload,
        manifest=store["manifests"][store["active_manifest"]],
        report=read_credentials_report(path, keys.trust),
        labels=read_embedded_labels(path),
        ffmpeg=metadata,
        mark=watermark.detect(path, keys=[keys.watermark_key]),
    )


def first(found: Finished) -> Any:
    return manifest_actions(found.manifest)[0]


# field: (the laws that ask for it, {place: (how it is read, what it must be)})
TABLE = {
    "is AI": (
        "CA EU CN IN KR",
        {
            "C2PA c2pa.created digitalSourceType": (lambda f: first(f)["digitalSourceType"], AI),
            "C2PA c2pa.ai-disclosure": (lambda f: f.assertion("c2pa.ai-disclosure")["modelType"], "c2pa.types.model"),
            "XMP Iptc4xmpExt:DigitalSourceType": (lambda f: f.labels.xmp["Iptc4xmpExt:DigitalSourceType"], AI),
            "container key AIGC Label": (lambda f: f.aigc["Label"], "1"),
            "XMP TC260:AIGC Label": (lambda f: json.loads(f.labels.xmp["TC260:AIGC"])["Label"], "1"),
        },
    ),
    "provider name": (
        "CA CN IN",
        {
            "C2PA cawg.metadata dc:publisher": (
                lambda f: f.assertion("cawg.metadata")["dc:publisher"],
                "Exämple & Söhne <GmbH>",
            ),
            "container key AIGC ContentProducer": (lambda f: f.aigc["ContentProducer"], "Exämple & Söhne <GmbH>"),
            "C2PA claim_generator_info": (lambda f: f.manifest["claim_generator_info"][0]["name"], "Assay"),
            "certificate organisation": (lambda f: f.manifest["signature_info"]["issuer"], "Assay DEVELOPMENT"),
        },
    ),
    "system and version": (
        "CA",
        {
            "C2PA softwareAgent": (lambda f: first(f)["softwareAgent"], {"name": "wan", "version": "2.2"}),
            "C2PA c2pa.ai-disclosure modelName": (
                lambda f: f.assertion("c2pa.ai-disclosure")["modelName"],
                "Wan2.2-T2V",
            ),
            "XMP Iptc4xmpExt:AISystemUsed": (lambda f: f.labels.xmp["Iptc4xmpExt:AISystemUsed"], "wan"),
            "XMP Iptc4xmpExt:AISystemVersionUsed": (
                lambda f: f.labels.xmp["Iptc4xmpExt:AISystemVersionUsed"],
                "2.2",
            ),
        },
    ),
    "time": (
        "CA EU",
        {
            "C2PA action when": (lambda f: first(f)["when"], "2026-11-20T12:00:00+00:00"),
            "RFC 3161 time stamp": (lambda f: f.report.time_trusted, True),
            "XMP xmp:CreateDate": (lambda f: f.labels.xmp["xmp:CreateDate"], "2026-11-20T12:00:00+00:00"),
        },
    ),
    "unique id": (
        "CA EU CN IN",
        {
            "C2PA manifest URN": (lambda f: f.report.credentials.manifest_id.startswith("urn:c2pa:"), True),
            "C2PA com.assay.case": (lambda f: f.assertion("com.assay.case")["payload"], "{id}"),
            "C2PA c2pa.soft-binding": (lambda f: f.assertion("c2pa.soft-binding")["blocks"][0]["value"], "{id}"),
            "C2PA cawg.metadata dc:identifier": (lambda f: f.assertion("cawg.metadata")["dc:identifier"], "{id}"),
            "XMP dc:identifier": (lambda f: f.labels.xmp["dc:identifier"], "{id}"),
            "XMP TC260:AIGC ProduceID": (lambda f: json.loads(f.labels.xmp["TC260:AIGC"])["ProduceID"], "{id}"),
            "container key AIGC ProduceID": (lambda f: f.aigc["ProduceID"], "{id}"),
            "watermark payload": (lambda f: f.mark.payload, "{id}"),
        },
    ),
    "where to check": (
        "EU",
        {
            "C2PA cawg.metadata dcterms:provenance": (
                lambda f: f.assertion("cawg.metadata")["dcterms:provenance"],
                "https://check.example/",
            )
        },
    ),
    "signed and time-stamped": (
        "CA EU",
        {
            "C2PA signature": (lambda f: f.report.credentials.state, "trusted"),
            "C2PA sigTst2": (lambda f: bool(f.report.credentials.signed_at), True),
        },
    ),
    "survives copies": (
        "CA EU IN",
        {
            "C2PA c2pa.soft-binding algorithm": (
                lambda f: f.assertion("c2pa.soft-binding")["alg"],
                "com.assay.lattice.1",
            ),
            "C2PA c2pa.watermarked.bound": (
                lambda f: manifest_actions(f.manifest)[-1]["action"],
                "c2pa.watermarked.bound",
            ),
            "watermark": (lambda f: f.mark.detected, True),
        },
    ),
    "visible label": (
        "CN IN KR EU CA",
        {
            "C2PA c2pa.addedText": (
                lambda f: manifest_actions(f.manifest)[1]["parameters"]["com.assay.label"],
                {"text": "AI GENERATED Exämple", "place": "top_right"},
            )
        },
    ),
}
ROWS = [
    pytest.param(law, field, place, *how, id=f"{law}-{field}-{place}")
    for field, (laws, places) in TABLE.items()
    for law in laws.split()
    for place, how in places.items()
]


@pytest.mark.parametrize(("law", "field", "place", "read", "wanted"), ROWS)
def test_what_a_law_asks_for_is_read_back_from_the_finished_file(finished, law, field, place, read, wanted):
    assert read(finished) == (finished.payload if wanted == "{id}" else wanted)


def test_the_page_for_people_names_every_field_and_place():
    page = PAGE.read_text()
    missing = [name for field, (_, places) in TABLE.items() for name in (field, *places) if name not in page]
    assert missing == []


def test_one_id_names_the_file_in_every_layer(finished):
    assert finished.labels.ids == (finished.payload,) * 3
    assert len(finished.payload) == 24 and finished.report.case_id in finished.payload


def test_the_boxes_lie_as_in_the_reference_and_the_file_is_trusted(finished):
    data = finished.path.read_bytes()
    at, kinds = 0, []
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        kinds.append((kind, data[at + 8 : at + 24].hex() if kind == b"uuid" else ""))
        at += size
    order = [one for one in kinds if one[0] in (b"ftyp", b"uuid", b"moov", b"mdat")]
    c2pa_box = "d8fec3d61b0e483c92975828877ec481"
    assert order == [(b"ftyp", ""), (b"uuid", c2pa_box), (b"moov", ""), (b"uuid", XMP_UUID.hex()), (b"mdat", "")]
    assert finished.report.credentials.state == "trusted"


def test_other_readers_find_the_unsigned_labels_too(finished):
    assert {one.field for one in read_unsigned_metadata(finished.path).declarations} == {
        "XMP DigitalSourceType",
        "AIGC",
    }


def test_served_footage_is_not_labelled_as_ai(clip, order, keys, watermark, tmp_path):
    served = replace(order, engine="folder", synthetic=False)
    report = seal(clip, tmp_path / "a.mp4", served, keys=keys, mark=watermark.mark, detect=watermark.detect)
    found = read_embedded_labels(tmp_path / "a.mp4")
    assert found.aigc == {} and set(found.xmp) == {"dc:identifier", "xmp:CreateDate"}
    assert found.ids == (report.payload,)
    assert read_unsigned_metadata(tmp_path / "a.mp4").declarations == ()


def test_no_label_names_a_person_or_a_prompt(finished):
    said = json.dumps([dict(finished.labels.xmp), dict(finished.labels.aigc)])
    assert "AIPrompt" not in said and "creator" not in said.lower()
