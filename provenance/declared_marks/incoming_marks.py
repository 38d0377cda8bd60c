"""Marks of others in a file: what its credentials and labels declare, with how sure each is. None is believed by this.

Nobody but its maker can look for most watermarks: that a manifest names one says that whoever signed it says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.finding import IncomingMark
from provenance.c2pa.credentials_report import CredentialsReport
from provenance.c2pa.manifest_definition import SOFT_BINDING_ALGORITHM
from provenance.declared_marks.known_algorithms import MarkAlgorithm, mark_algorithm
from provenance.metadata.xmp_reader import UnsignedDeclaration
from provenance.other_installations import payload_of_binding
from provenance.verification.evaluate import Observations, has_valid_credentials, matching_manifest, watermark_payload

_MAX_MARKS = 24
_SURENESS = {"trusted": "signed", "valid": "unconfirmed"}
_SIGNED = {
    "signed": "The credentials, whose signer is on a list here, say that the mark {name} is in it.",
    "unconfirmed": "The credentials say that the mark {name} is in it, but nobody here vouches for their signer.",
    "unsigned": "Credentials that do not hold say that the mark {name} is in it.",
}
_CANNOT = " It cannot be looked for here."
_ANYBODY = " Anybody can write that."
_SOME_WATERMARK = "a watermark"
_ANOTHER_ASSAY = "Assay, another installation"


def incoming_marks(observations: Observations, issuer: int | None = None) -> tuple[IncomingMark, ...]:
    """All of them, the surest first, each once. `issuer` is this installation's number in watermarks."""
    found = [
        *_other_installation(observations),
        *_of_credentials(observations.report, "credentials", observations, issuer),
        *_of_original(observations, issuer),
        *_labels(observations),
    ]
    unique: dict[tuple[str, str, str], IncomingMark] = {}
    for mark in found:
        unique.setdefault((mark.name, mark.kind, mark.declared_in), mark)
    return tuple(unique.values())[:_MAX_MARKS]


def _other_installation(observations: Observations) -> Iterator[IncomingMark]:
    if (other := observations.other_mark) is not None:
        yield IncomingMark(
            name=other.name,
            vendor=other.name,
            kind="watermark",
            sure="found",
            declared_in="file",
            says=f"The mark of {other.name} was looked for with its key, and found.",
        )


def _of_original(observations: Observations, issuer: int | None) -> Iterator[IncomingMark]:
    """Of a file whose credentials are gone: what those that its mark led to say."""
    original = None if has_valid_credentials(observations.report) else matching_manifest(observations)
    if original is not None:
        yield from _of_credentials(original.report, "original_credentials", observations, issuer)


def _of_credentials(
    report: CredentialsReport, declared_in: str, observations: Observations, issuer: int | None
) -> Iterator[IncomingMark]:
    sure = _SURENESS.get(report.credentials.state, "unsigned")
    for binding in report.soft_bindings:
        if _is_ours(binding.algorithm, binding.value, observations, issuer):
            continue
        yield _declared(_named(binding.algorithm), sure, declared_in)
    for claim in report.claims.watermarks:
        known = MarkAlgorithm(
            name=claim.name or _SOME_WATERMARK, vendor=claim.vendor, kind="watermark", listed=bool(claim.name)
        )
        yield _declared(known, sure, declared_in)


def _is_ours(algorithm: str, value: str, observations: Observations, issuer: int | None) -> bool:
    """Whether a soft binding names a mark of this installation: the one that was read, or one of its number."""
    if algorithm != SOFT_BINDING_ALGORITHM:
        return False
    payload = payload_of_binding(value)
    return value == watermark_payload(observations.watermark) or (payload is not None and payload.issuer == issuer)


def _named(algorithm: str) -> MarkAlgorithm:
    if algorithm == SOFT_BINDING_ALGORITHM:
        return MarkAlgorithm(name=_ANOTHER_ASSAY, vendor="Assay", kind="watermark", listed=False)
    return mark_algorithm(algorithm)


def _declared(known: MarkAlgorithm, sure: str, declared_in: str) -> IncomingMark:
    name = f"{known.name} ({known.vendor})" if known.vendor and known.vendor not in known.name else known.name
    return IncomingMark(
        name=known.name,
        vendor=known.vendor,
        kind=known.kind,
        sure=sure,
        declared_in=declared_in,
        says=f"{_SIGNED[sure].format(name=name)}{_CANNOT}",
    )


def _labels(observations: Observations) -> Iterator[IncomingMark]:
    for declaration in observations.declarations:
        yield _label(declaration, observations)
    if observations.system and not any(one.field.startswith("XMP") for one in observations.declarations):
        yield IncomingMark(
            name="IPTC AISystemUsed",
            vendor=observations.system,
            kind="label",
            sure="unsigned",
            declared_in="xmp",
            says=f"XMP names the AI system {observations.system}.{_ANYBODY}",
        )


def _label(declaration: UnsignedDeclaration, observations: Observations) -> IncomingMark:
    producer, number = observations.aigc.get("ContentProducer", ""), observations.aigc.get("ProduceID", "")
    if declaration.field == "AIGC":
        who = f" It names {producer} as who made it, under the number {number or '–'}." if producer else ""
        says, name, vendor, where = f"China's label says: {declaration.says}.{who}", "AIGC label", producer, "aigc"
    elif declaration.field.startswith("XMP"):
        system = f" It names the AI system {observations.system}." if observations.system else ""
        says = f"IPTC's field in XMP says: {declaration.says}.{system}"
        name, vendor, where = "IPTC digitalSourceType", observations.system, "xmp"
    else:
        program = declaration.field.removesuffix(" metadata")
        says, name, vendor, where = f"What {program} writes into its files is in it.", program, program, "metadata"
    return IncomingMark(
        name=name, vendor=vendor, kind="label", sure="unsigned", declared_in=where, says=f"{says}{_ANYBODY}"
    )
