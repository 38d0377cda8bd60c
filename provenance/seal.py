"""Sealing: mark, label, sign, then read all of it back from the finished file, or produce nothing.

1. Look at the source and at what it was made from: credentials are kept as ingredients, never dropped, less what the
   engine's own say of people; a mark of another installation that they name, or that its key finds, is named.
2. Mark: the watermark first, since it changes every picture; before it the label that people see, where one is
   ordered and AI had a part in the video.
3. Label: XMP and the AIGC key, with the mark's payload as their id; after signing it would be too late.
4. Sign: the manifest names the payload too and is bound to the marked and labelled bytes.
5. Read the credentials back from the finished file, several times, each with a fresh context; and the time stamp.
6. Read the labels back.
7. Detect the mark in the finished file.
8. Take the fingerprints of the finished file: how it looks, and how it sounds. In its pictures the visible label has
   to be read.
9. Release: the manifest next to the video, then the video, each renamed atomically.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_chain, wait_fixed

from core.errors import SealBroken, Unavailable
from media.audio_decode import decode_mono_audio
from media.container_metadata import write_container_metadata
from media.sampling import sample_video
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.ingredients import Ingredient, with_delivered_as_parent
from provenance.c2pa.manifest_definition import (
    SealOrder,
    as_composite_order,
    build_manifest_definition,
    declares_ai,
    drawn_label,
    manifest_source_type,
    needs_parent,
)
from provenance.c2pa.reader import read_credentials_report
from provenance.c2pa.signers.expiry_warnings import expiry_warnings
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.source_types import AI_COMPOSITE_SOURCE_TYPES, CAPTURE_SOURCE_TYPES
from provenance.c2pa.writer import sign_file
from provenance.earlier_mark import EarlierMark, find_earlier_mark, search_earlier_mark
from provenance.fingerprint.sound_fingerprint import sound_fingerprint
from provenance.fingerprint.video_fingerprint import video_fingerprint
from provenance.metadata import xmp_writer
from provenance.metadata.xmp_reader import read_embedded_labels
from provenance.other_installations import NO_OTHER_INSTALLATIONS, OtherInstallations
from provenance.seal_result import SealReport
from provenance.visible_label import check_label, labelled_copy
from provenance.watermark.payload import Payload
from provenance.watermark_ports import DetectWatermark, EmbedWatermark

PAYLOAD_VERSION = 1  # of the watermark's payload
READ_BACKS = 3  # times that credentials are read back, since a reader that wavers must not pass
_FINGERPRINT_SIDE = 512  # pixels of the longer side of pictures that are fingerprinted
_MAX_FINGERPRINT_SECONDS = 1200  # seconds of a video that are fingerprinted
_RETRY_DELAYS = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between attempts to reach the time-stamping authority
_HAS_CREDENTIALS = ("trusted", "valid", "invalid", "remote")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    src: Path
    order: SealOrder
    keys: ProvenanceKeys
    payload: Payload
    delivered_report: CredentialsReport
    sources: tuple[Ingredient, ...]
    ingredient_reports: tuple[CredentialsReport, ...]
    earlier_mark: EarlierMark | None
    marked_sources: tuple[EarlierMark, ...]
    notes: tuple[str, ...]
    timestamp_wait: float

    @property
    def hex(self) -> str:
        return self.payload.hex


def seal(  # noqa: PLR0913 - what is sealed, with what, and what it is looked at for
    src: Path,
    dst: Path,
    order: SealOrder,
    *,
    keys: ProvenanceKeys,
    mark: EmbedWatermark,
    detect: DetectWatermark,
    sources: Sequence[Ingredient] = (),
    others: OtherInstallations = NO_OTHER_INSTALLATIONS,
    timestamp_wait: float = 0.0,
) -> SealReport:
    """Seal `src` as `dst`, with the manifest's bytes next to it as `dst` + `.c2pa`. `sources` are what went into it.

    In `src` and in what the engine started from, the marks of `others` are looked for too.

    Raises SealBroken if the finished file does not carry what it should, BadMedia or BadInput for the source, and
    Unavailable if a time-stamping authority is named and gives no stamp for `timestamp_wait` seconds; then neither
    file is
    there. A file that was at `dst` before is only replaced by a complete sealed one.
    """
    job = _inspect_inputs(src, order, keys, sources, others, timestamp_wait)  # 1
    with tempfile.TemporaryDirectory(dir=dst.parent, prefix=".seal-") as folder:
        marked, labelled, sealed = (Path(folder) / name for name in ("marked.mp4", "labelled.mp4", "sealed.mp4"))
        manifest = Path(folder) / "manifest.c2pa"
        visible = drawn_label(job.order)
        mark(labelled_copy(src, Path(folder), visible), marked, payload=job.payload, key=keys.watermark_key)  # 2
        labels = xmp_writer.xmp_fields(job.order, job.hex)
        write_container_metadata(
            marked, labelled, keys=xmp_writer.container_keys(job.order, job.hex), xmp=xmp_writer.xmp_packet(labels)
        )  # 3
        manifest.write_bytes(_sign(job, labelled, sealed))  # 4
        with ThreadPoolExecutor(max_workers=2) as beside_it:  # 5 to 8 only read the finished file
            detecting = beside_it.submit(_detect_back, job, sealed, detect)
            taking = beside_it.submit(
                sample_video, sealed, every=1.0, max_count=_MAX_FINGERPRINT_SECONDS, max_side=_FINGERPRINT_SIDE
            )
            finished = _read_back(job, sealed)  # 5
            _read_labels_back(job, sealed, labels)  # 6
            detecting.result()  # 7
            check_label(taking.result(), visible)
            prints = video_fingerprint(taking.result()), sound_fingerprint(decode_mono_audio(sealed))  # 8
        manifest_file = _release(sealed, manifest, dst)  # 9
    return _report(job, manifest_file, prints, finished)


def _inspect_inputs(
    src: Path,
    order: SealOrder,
    keys: ProvenanceKeys,
    sources: Sequence[Ingredient],
    others: OtherInstallations,
    timestamp_wait: float,
) -> _Job:
    delivered = read_credentials_report(src, keys.trust)
    if delivered.credentials.state == "unreadable":
        raise SealBroken("the engine's file has credentials that cannot be read, so they cannot be kept")
    read = tuple(read_credentials_report(source.path, keys.trust) for source in sources)
    if any(source.credentials.state == "unreadable" for source in read):
        raise SealBroken("a file that this was made from has credentials that cannot be read, so they cannot be kept")
    notes: list[str] = []
    find_mark = partial(_earlier_mark, order=order, keys=keys, others=others, notes=notes)
    earlier = find_mark(src, delivered)
    kept = delivered.credentials.state in _HAS_CREDENTIALS or earlier is not None
    opens_parent = needs_parent(order, has_credentials=kept)
    marked_sources = {
        source.path: marked
        for source, report in zip(sources, read, strict=True)
        if source.relationship == "inputTo" and (marked := find_mark(source.path, report))
    }
    if order.synthetic and not order.source_type and any(map(_has_non_ai_content, (delivered, *read))):
        order = as_composite_order(order)
    return _Job(
        src=src,
        order=order,
        keys=keys,
        payload=Payload(version=PAYLOAD_VERSION, issuer=keys.issuer, case_id=order.case_id),
        delivered_report=delivered,
        sources=tuple(
            _titled(source, marked_sources)
            for source in (
                with_delivered_as_parent(src, sources, about=earlier.describe() if earlier else "")
                if opens_parent
                else sources
            )
        ),
        marked_sources=tuple(marked_sources.values()),
        notes=tuple(notes),
        ingredient_reports=read,
        earlier_mark=earlier,
        timestamp_wait=timestamp_wait,
    )


def _earlier_mark(
    path: Path,
    report: CredentialsReport,
    *,
    order: SealOrder,
    keys: ProvenanceKeys,
    others: OtherInstallations,
    notes: list[str],
) -> EarlierMark | None:
    """The mark of another installation, as the credentials say or else as its key finds it. Adds what was left out."""
    if named := find_earlier_mark(report, algorithm=order.soft_binding, issuer=keys.issuer, others=others):
        return named
    found, note = search_earlier_mark(path, others)
    if note:
        notes.append(note)
    return found


def _titled(source: Ingredient, marked: Mapping[Path, EarlierMark]) -> Ingredient:
    """The ingredient, whose title says who marked it before."""
    mark = marked.get(source.path)
    return replace(source, title=f"{source.title}, {mark.describe()}") if mark else source


def _has_non_ai_content(reading: CredentialsReport) -> bool:
    """Whether its credentials say that a camera made this, or a part of it, or that it was footage served by us."""
    credentials = reading.credentials
    if credentials.state not in ("trusted", "valid"):
        return False
    return credentials.source_type in AI_COMPOSITE_SOURCE_TYPES | CAPTURE_SOURCE_TYPES or (
        reading.existing_footage and not credentials.source_type
    )


def _sign(job: _Job, labelled: Path, sealed: Path) -> bytes:
    claim = build_manifest_definition(
        job.order, payload=job.hex, sources=job.sources, redacted=job.delivered_report.personal_data
    )
    patiently = Retrying(  # only Unavailable is waited for: the time-stamping authority is away
        retry=retry_if_exception_type(Unavailable),
        wait=wait_chain(*map(wait_fixed, _RETRY_DELAYS)),
        stop=stop_before_delay(job.timestamp_wait),
        reraise=True,
    )
    return patiently(sign_file, labelled, sealed, claim, job.keys.signer, trust=job.keys.trust, sources=job.sources)


def _read_back(job: _Job, sealed: Path) -> CredentialsReport:
    reading = read_credentials_report(sealed, job.keys.trust, times=READ_BACKS)
    credentials = reading.credentials
    if credentials.state != "trusted" or reading.trust_list not in {
        trust_list.name for trust_list in job.keys.trust.signers
    }:
        raise SealBroken(f"the finished file's credentials read as {credentials.state} {', '.join(credentials.issues)}")
    bindings = [
        (trust_list.algorithm, trust_list.value) for trust_list in reading.soft_bindings if trust_list.depth == 0
    ]
    if bindings != [(job.order.soft_binding, job.hex)]:
        raise SealBroken("the finished file's credentials do not name the mark that was embedded")
    if set(job.delivered_report.personal_data) & set(reading.personal_data):
        raise SealBroken("the finished file's credentials still say what should have been redacted")
    if reading.case_id != job.order.case_id:
        raise SealBroken("the finished file's credentials name another case")
    if declares_ai(job.order) and not any(saying.depth == 0 for saying in reading.ai_assertions):
        raise SealBroken("the finished file's credentials do not say that AI made it")
    if job.keys.signer.tsa_url and not reading.time_trusted:
        raise SealBroken("the time stamp is of an authority on no list here: add its root to trusted-tsas.pem")
    return reading


def _read_labels_back(job: _Job, sealed: Path, expected: dict[str, str]) -> None:
    embedded = read_embedded_labels(sealed)
    if any(embedded.xmp.get(name) != value for name, value in expected.items()):
        raise SealBroken("the finished file's XMP does not say what was written into it")
    required = 3 if declares_ai(job.order) else 1
    if embedded.ids != (job.hex,) * required:
        raise SealBroken("the finished file's labels name another video than its mark")


def _detect_back(job: _Job, sealed: Path, detect: DetectWatermark) -> None:
    finding = detect(sealed, keys=[job.keys.watermark_key])
    if not finding.detected or finding.payload is None:
        raise SealBroken("no watermark can be read in the finished file")
    if finding.payload != job.hex:
        raise SealBroken("the watermark in the finished file names another case")


def _release(sealed: Path, manifest: Path, dst: Path) -> Path:
    manifest_file = dst.with_name(dst.name + ".c2pa")
    manifest.replace(manifest_file)
    try:
        sealed.replace(dst)
    except OSError:
        manifest_file.unlink(missing_ok=True)
        raise
    return manifest_file


def _report(
    job: _Job, manifest: Path, prints: tuple[tuple[str, ...], tuple[str, ...]], finished: CredentialsReport
) -> SealReport:
    parent, (video_print, sound) = job.delivered_report.credentials.state, prints
    return SealReport(
        case_id=job.order.case_id,
        payload=job.hex,
        manifest_id=finished.credentials.manifest_id,
        manifest=manifest,
        soft_binding=job.order.soft_binding,
        fingerprint=video_print,
        sound=sound,
        issuer=f"{job.keys.issuer:06x}",
        signer=finished.credentials.signer,
        parent=parent if parent in _HAS_CREDENTIALS else "",
        source_type=manifest_source_type(job.order),
        trusted_timestamp=finished.credentials.signed_at if finished.time_trusted else "",
        warnings=tuple(_warnings(job)),
        earlier_mark=job.earlier_mark.issuer if job.earlier_mark else "",
    )


def _warnings(job: _Job) -> Iterator[str]:
    yield from expiry_warnings(job.keys)
    yield from job.notes
    if job.earlier_mark:
        yield f"the engine's file was {job.earlier_mark.describe()}: it is kept as the parent"
    for mark in job.marked_sources:
        yield f"what the engine started from was {mark.describe()}"
    for address in job.delivered_report.unredactable_personal_data:
        yield f"the engine's own credentials name a person or a prompt where nobody may redact it: {address[-80:]}"
    reports = [
        ("the engine's own", job.delivered_report),
        *(("a source's", report) for report in job.ingredient_reports),
    ]
    for name, reading in reports:
        if reading.credentials.state == "invalid":
            yield f"{name} credentials are not valid: {', '.join(reading.credentials.issues)}"
        elif reading.broken_ingredients:
            yield f"{name} credentials hold, but not those of what it was made from: {reading.broken_ingredients[0]}"
        if reading.credentials.state == "remote":
            yield f"{name} credentials are stored elsewhere: only their address is kept"
