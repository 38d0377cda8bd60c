"""Where the seconds of a file come from, as far as anything tells: by watermark, by manifest, by how they look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.finding import OriginSpan
from provenance.verification.evaluate import Observations, has_valid_credentials
from provenance.verification.recovery import SimilarVideo
from provenance.watermark.payload import Payload
from provenance.watermark_ports import PublicCaseLookup

_MAX_CASES = 20  # that are asked about for one file
_MAX_ALIKE = 5
_SHORTEST_GAP = 1.0  # seconds: ends of what a watermark covers are right to about a second
_THIS_SERVICE = "this service"
_NOBODY = "nobody that is known here"
_LOOKED_AT_MOST = 16  # pictures of a file that are looked up, over its whole length


def origin_spans(
    observations: Observations, look_up: PublicCaseLookup | None, seconds: float
) -> tuple[OriginSpan, ...]:
    """In their order; what nothing tells of is a span too. Nothing where nothing tells of any second."""
    cases = _CaseRecords(look_up)
    found = [*_marked(observations, cases), *_placed(observations, seconds), *_alike(observations, cases, seconds)]
    if not found:
        return ()
    return tuple(sorted((*found, *_gaps(found, seconds)), key=lambda span: (span.start, span.end)))


class _CaseRecords:
    """What the public may know of cases, each asked about once, and of a bounded number."""

    def __init__(self, look_up: PublicCaseLookup | None) -> None:
        self._look_up, self._known = look_up, dict[str, Mapping[str, str] | None]()

    def consent(self, case_id: str) -> str:
        """`withdrawn`, or nothing."""
        if self._look_up is None:
            return ""
        if case_id not in self._known and len(self._known) < _MAX_CASES:
            self._known[case_id] = self._look_up(case_id)
        return (self._known.get(case_id) or {}).get("consent", "")


def _marked(observations: Observations, cases: _CaseRecords) -> Iterator[OriginSpan]:
    mark = observations.watermark
    for segment in mark.segments:
        yield _of_mark(segment.start, segment.end, "watermark", segment.payload, cases)
    in_picture = {segment.payload for segment in mark.segments}
    if mark.audio is not None and mark.audio.detected and mark.audio.payload not in in_picture:
        yield _of_mark(0.0, mark.audio.seconds, "sound_watermark", mark.audio.payload, cases)


def _of_mark(start: float, end: float, how: str, payload: str | None, cases: _CaseRecords) -> OriginSpan:
    case_id = Payload.from_hex(payload).case_id if payload else ""
    consent = cases.consent(case_id) if case_id else ""
    says = (
        f"The sound of these seconds carries the watermark of case {case_id} of this service."
        if case_id and how == "sound_watermark"
        else f"The watermark of case {case_id} of this service is in these seconds."
        if case_id
        else "This service's watermark is in these seconds; which case it names cannot be read."
    )
    return OriginSpan(
        start=start,
        end=end,
        how=how,
        by=_THIS_SERVICE,
        says=_with_consent(says, consent),
        case_id=case_id,
        consent=consent,
    )


def _placed(observations: Observations, seconds: float) -> Iterator[OriginSpan]:
    """By credentials that hold: it is their signer's word."""
    if not has_valid_credentials(observations.report):
        return
    signer = observations.report.credentials.signer or "an unnamed signer"
    for span in observations.report.claims.placed:
        end = min(span.end, seconds) if seconds else span.end
        if span.start < end < float("inf"):
            what = span.title or "something that is not named"
            yield OriginSpan(
                start=span.start,
                end=end,
                how="credentials",
                by=span.title or signer,
                says=f"The credentials say that this was placed here: {what}. It is the word of {signer}.",
            )


def _alike(observations: Observations, cases: _CaseRecords, seconds: float) -> Iterator[OriginSpan]:
    looks = [video for video in observations.similar_videos if video.modality == "looks"][:_MAX_ALIKE]
    for video in looks:
        for start, end in _runs(video, seconds):
            consent = cases.consent(video.case_id)
            says = f"These seconds look like the video of case {video.case_id}; nobody signed this."
            yield OriginSpan(
                start=start,
                end=end,
                how="fingerprint",
                by=_THIS_SERVICE,
                says=_with_consent(says, consent),
                case_id=video.case_id,
                consent=consent,
            )


def _runs(video: SimilarVideo, seconds: float) -> Iterator[tuple[float, float]]:
    """Stretches of seconds that were found one after the other; of a long file only some seconds are looked at."""
    step = max(1.0, seconds / _LOOKED_AT_MOST)
    run: list[int] = []
    for second in sorted(video.seconds_found):
        if run and second - run[-1] > 1.5 * step:
            yield float(run[0]), _end(run, step, seconds)
            run = []
        run.append(second)
    if run:
        yield float(run[0]), _end(run, step, seconds)


def _end(run: Sequence[int], step: float, seconds: float) -> float:
    end = round(run[-1] + step, 1)
    return min(end, round(seconds, 1)) if seconds else end


def _gaps(found: Sequence[OriginSpan], seconds: float) -> Iterator[OriginSpan]:
    at = 0.0
    seen = [span for span in found if span.how != "sound_watermark"] or found
    for start, end in [*sorted((span.start, span.end) for span in seen), (seconds, seconds)]:
        if start - at >= _SHORTEST_GAP:
            says = "Nothing was found that tells where these seconds come from."
            yield OriginSpan(start=round(at, 1), end=round(start, 1), how="nothing", by=_NOBODY, says=says)
        at = max(at, end)


def _with_consent(says: str, consent: str) -> str:
    return f"{says} The consent of a person whom they show has ended." if consent == "withdrawn" else says
