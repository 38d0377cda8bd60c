"""Which layers of marking a file has, and which it had once: what is gone is told by the layers that are left."""

from __future__ import annotations

from core.finding import MarkLayer
from provenance.c2pa.credential_causes import says_changed
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from provenance.declared_marks.watermark_claims import DrawnLabel
from provenance.verification.evaluate import (
    WATERMARK_NOT_CHECKED,
    Observations,
    has_valid_credentials,
    is_ai_source_type,
    matching_manifest,
    reason_not_searched,
    watermark_payload,
)

_DAMAGED = ("invalid", "unreadable")
_NOT_READ = ("not_read", "remote", "unsupported")


def mark_layers(observations: Observations, *, looked_up: bool) -> tuple[MarkLayer, ...]:
    """All six. `looked_up` says whether there was a repository to ask for videos that look or sound the same."""
    return (
        _credentials(observations),
        _picture(observations),
        _sound(observations),
        _labels(observations),
        _visible_label(observations),
        _fingerprint(observations, looked_up=looked_up),
    )


def _credentials(observations: Observations) -> MarkLayer:
    state = observations.report.credentials.state
    if has_valid_credentials(observations.report):
        return _layer("credentials", "found", "There are credentials, and they hold.")
    if state == "invalid" and not says_changed(observations.report.credentials.causes):
        says = "There are credentials that cannot be relied on; nothing shows that anything was changed."
        return _layer("credentials", "unconfirmed", says)
    if state in _DAMAGED:
        return _layer("credentials", "damaged", "There are credentials, and they do not hold or cannot be read.")
    if _was_sealed_here(observations):
        says = "It was published with credentials, as its watermark tells, and they are gone."
        return _layer("credentials", "missing", says)
    if state in _NOT_READ:
        return _layer("credentials", "not_checked", "Whether it has credentials could not be looked at here.")
    return _layer("credentials", "absent", "There are no credentials, and nothing tells whether there were any.")


def _picture(observations: Observations) -> MarkLayer:
    mark, layer = observations.watermark, "watermark_picture"
    if mark.detected:
        return _layer(layer, "found", "This service's watermark is in the picture.")
    if mark == WATERMARK_NOT_CHECKED or reason_not_searched(mark):
        return _layer(layer, "not_checked", "No watermark was looked for in the picture.")
    if mark.note == "no picture":
        return _layer(layer, "not_checked", "There is no picture in which a watermark could be.")
    if _names_our_mark(observations):
        says = "Its credentials name a watermark of this kind, and none of this service was found in the picture."
        return _layer(layer, "missing", says)
    if mark.audio is not None and mark.audio.detected:
        says = "The sound carries this service's watermark, and the picture does not: it may be another picture."
        return _layer(layer, "missing", says)
    return _layer(layer, "absent", "No watermark of this service was found in the picture.")


def _sound(observations: Observations) -> MarkLayer:
    mark, layer = observations.watermark, "watermark_sound"
    if mark.audio is None or mark.audio.seconds <= 0:
        return _layer(layer, "not_checked", "There is no sound, or it was not looked at.")
    if mark.audio.detected:
        return _layer(layer, "found", "This service's watermark is in the sound.")
    if mark.detected:
        says = "The picture carries this service's watermark, and the sound does not: it may be other sound."
        return _layer(layer, "missing", says)
    return _layer(layer, "absent", "No watermark of this service was found in the sound.")


def _labels(observations: Observations) -> MarkLayer:
    if observations.declarations:
        return _layer("labels", "found", "Labels that anybody can write say AI.")
    if _was_sealed_here(observations) and is_ai_source_type((observations.case or {}).get("source_type", "")):
        return _layer("labels", "missing", "It was published with labels that say AI, and they are gone.")
    return _layer("labels", "absent", "There is no label that says AI.")


def _visible_label(observations: Observations) -> MarkLayer:
    """What is drawn into the picture for people to read. No picture is searched for it: a signature that holds says
    that the picture is the one into which it was drawn, and in which it was read when that was signed."""
    layer, original = "visible_label", matching_manifest(observations)
    if has_valid_credentials(observations.report):
        for label in observations.report.claims.labels:
            return _layer(layer, "found", f"A label that people see was drawn into the picture: {_as_said(label)}")
        return _layer(layer, "absent", "Its credentials tell of no label that people see.")
    if original is not None and original.report.claims.labels:
        said = [_as_said(label) for label in original.report.claims.labels]
        says = f"It was published with a label that people see; whether it is still there was not looked at: {said[0]}"
        return _layer(layer, "not_checked", says)
    return _layer(layer, "not_checked", "Nothing tells of a label that people see, and none was looked for.")


def _as_said(label: DrawnLabel) -> str:
    """Its words in quotation marks, and how long it is to be seen."""
    how_long = "throughout" if label.seconds is None else f"for the first {label.seconds:g} s"
    return f"“{label.text}” ({how_long})."


def _fingerprint(observations: Observations, *, looked_up: bool) -> MarkLayer:
    if observations.similar_videos:
        says = "It looks or sounds like a video that this service sealed."
        return _layer("fingerprint", "found", says)
    if not looked_up:
        return _layer("fingerprint", "not_checked", "It was not compared with what this service sealed.")
    if has_valid_credentials(observations.report) or watermark_payload(observations.watermark):
        says = "It was not compared with what this service sealed: its credentials or its watermark say more."
        return _layer("fingerprint", "not_checked", says)
    return _layer("fingerprint", "absent", "It looks and sounds like no video that this service sealed.")


def _was_sealed_here(observations: Observations) -> bool:
    """Whether the watermark led to a video of this service, which publishes none without credentials and labels."""
    return observations.case is not None or matching_manifest(observations) is not None


def _names_our_mark(observations: Observations) -> bool:
    """Whether credentials that hold bind the file itself to a mark of Assay."""
    return has_valid_credentials(observations.report) and any(
        binding.depth == 0 and binding.algorithm == SOFT_BINDING_ALGORITHM
        for binding in observations.report.soft_bindings
    )


def _layer(layer: str, state: str, says: str) -> MarkLayer:
    return MarkLayer(layer=layer, state=state, says=says)
