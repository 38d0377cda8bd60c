"""Evidence from outside the file: credentials recovered by its watermark, and videos that it resembles."""

from __future__ import annotations

from collections.abc import Iterator

from core.finding import Evidence
from provenance.c2pa.credentials_report import LineageStep
from provenance.verification.evaluate import Observations, has_valid_credentials, matching_manifest
from provenance.verification.recovery import RecoveredManifest, SimilarVideo

_MAX_MATCHES = 3  # recovered manifests and similar videos of each kind that become evidence
_MAX_SEGMENTS = 50  # stretches of marked seconds that become evidence
_ROLES = {"parentOf": "it was made from", "componentOf": "it contains", "inputTo": "it was generated from"}


def recovery_evidence(observations: Observations) -> Iterator[Evidence]:
    """What the repository holds for the mark: what belongs to this file, and what was turned away."""
    for manifest in observations.recovered_manifests[:_MAX_MATCHES]:
        yield _accepted_manifest(manifest) if manifest.matches_watermark else _rejected_manifest(manifest)


def similarity_evidence(observations: Observations) -> Iterator[Evidence]:
    """Sealed videos that look like this one, and those that sound like it."""
    for video in [video for video in observations.similar_videos if video.modality == "looks"][:_MAX_MATCHES]:
        yield _picture_similarity(video)
    for video in [video for video in observations.similar_videos if video.modality == "sound"][:_MAX_MATCHES]:
        yield _sound_similarity(video)


def lineage_evidence(observations: Observations) -> Iterator[Evidence]:
    """The history that the credentials tell, as a tree: the last part of `kind` is how many steps back.

    Each step is followed by those below it. Of a file without credentials of its own it is that of its original, where
    the mark led to it.
    """
    original = None if has_valid_credentials(observations.report) else matching_manifest(observations)
    reading = (
        observations.report if has_valid_credentials(observations.report) else original.report if original else None
    )
    steps = reading.lineage if reading else ()
    if len(steps) < 2:
        return
    first = "the original" if original else "this file"
    for step in steps:
        role = _ROLES.get(step.relationship, first if step.depth == 0 else "an ingredient")
        parts = (step.title[:80], f"made with {step.generator[:80]}" if step.generator else "", step.source_type[:60])
        description = ", ".join(part for part in parts if part) or "nothing is known of it"
        yield Evidence(
            kind=f"lineage.{step.depth}",
            says=f"{role}: {description}; {_signed(step)}.",
            proves="What was known of it when it was added.",
            limits="It is the word of whoever signed it.",
        )


def _signed(step: LineageStep) -> str:
    return "it had no credentials" if step.without_credentials else f"signed by {step.signer[:80] or 'nobody named'}"


def segment_evidence(observations: Observations) -> Iterator[Evidence]:
    """Over which stretches of the video a mark accumulates, and how surely; those between carry none to be read."""
    for segment in observations.watermark.segments[:_MAX_SEGMENTS]:
        yield Evidence(
            kind="watermark.segment",
            says=(
                f"{segment.start:.1f}–{segment.end:.1f} s: the mark {segment.payload or 'of this service'}"
                f" (p = {segment.p_value:.1e})."
            ),
            proves="That these seconds went through this service.",
            limits=(
                "Not where the other seconds come from. Ends are right to about a second, in long videos to a twelfth"
                " of their length."
            ),
        )


def sound_watermark_evidence(observations: Observations) -> Iterator[Evidence]:
    """What was found in the sound, where it was analysed."""
    sound = observations.watermark.audio
    if sound is None:
        return
    if not sound.detected:
        yield Evidence(
            kind="watermark.sound",
            says=f"No watermark of this service was heard. {sound.note}".strip(),
            proves="Nothing: it may have been destroyed, or there was none.",
        )
        return
    other = (
        ""
        if sound.payload == observations.watermark.payload or not observations.watermark.payload
        else " It is not the one in the picture."
    )
    damage_note = (
        f" It is too damaged to be decoded alone, and was matched against {sound.among:,}." if sound.among else ""
    )
    yield Evidence(
        kind="watermark.sound",
        says=f"A watermark made with this service's key is in the sound (p = {sound.p_value:.1e}).{damage_note}{other}",
        proves="That this sound, or what it was made from, went through this service.",
        limits="Not that the picture did.",
    )


def _accepted_manifest(manifest: RecoveredManifest) -> Evidence:
    credentials = manifest.report.credentials
    trusted = f"on the list {manifest.report.trust_list}" if manifest.report.trust_list else "on no list here"
    differ = (
        "These are the bytes that were signed."
        if manifest.same_bytes
        else f"The bytes differ: {_listed_differences(manifest)}."
    )
    return Evidence(
        kind="recovered",
        says=(
            f"The watermark leads to the manifest {manifest.stored.manifest_id[:80]},"
            f" kept {manifest.stored.stored_at or 'here'},"
            f" signed by {credentials.signer or 'an unnamed signer'} ({trusted}), and every soft binding in it"
            f" names this mark. {differ}"
        ),
        proves="Which signed original these pictures come from, and what was signed about it.",
        limits="" if manifest.same_bytes else "Not that nothing was changed since: a copy always has other bytes.",
    )


def _rejected_manifest(manifest: RecoveredManifest) -> Evidence:
    return Evidence(
        kind="recovered.rejected",
        says=f"The repository holds the manifest {manifest.stored.manifest_id[:80]} for this mark, "
        f"but {manifest.mismatch_reason}.",
        proves="That this manifest is not this file's: nothing it says was used.",
        limits="Not why the repository holds it.",
    )


def _picture_similarity(match: SimilarVideo) -> Evidence:
    return Evidence(
        kind="fingerprint",
        says=f"{match.share:.0%} of this file's pictures look like the video of {_described_case(match)}.",
        proves="That what it shows is nearly the same, picture by picture.",
        limits="Not that it was made from it: both may come from one source, and nobody signed this.",
    )


def _sound_similarity(match: SimilarVideo) -> Evidence:
    return Evidence(
        kind="fingerprint.sound",
        says=f"{match.share:.0%} of this file's sound is like that of the video of {_described_case(match)}.",
        proves="That it has nearly the same sound, second by second.",
        limits="Not that the pictures are the same: the same music and speech are laid under many videos.",
    )


def _described_case(match: SimilarVideo) -> str:
    sealed = f", sealed {match.sealed_at}" if match.sealed_at else ""
    return f"case {match.case_id}{sealed} ({match.seconds} matching seconds)"


def _listed_differences(manifest: RecoveredManifest) -> str:
    return ", ".join(manifest.differences) or "somewhere"
