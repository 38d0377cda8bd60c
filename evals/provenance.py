"""What happens to a sealed file, and what the verifier says: `python -m evals.provenance [treatments|recovery]`.

`treatments`: each row of a table of changes (flips, transplants, saving anew, other lists) with the state and the code
that it must be answered with. `recovery`: clips are sealed, their credentials are stripped in fifteen ways, and the
verifier is asked with the repository behind it. Held-out clips need ASSAY_DATA. Writes evals/results/provenance.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from evals.attacks import VIDEO_ATTACKS, ffmpeg
from evals.machine import machine
from evals.watermark_clips import CLIPS, prepare
from evals.watermark_table import wilson
from media.transcode import Encoding
from provenance.claims import SealOrder, definition
from provenance.dev_keys import make_dev_keys
from provenance.keys import Keys
from provenance.marks import find_marks
from provenance.read import read
from provenance.recovery import Stored
from provenance.seal import SealReport, seal
from provenance.sign import sign
from provenance.trust import Trust, TrustList
from provenance.verify import verify
from provenance.watermark import detect_file, mark_file

RESULT = Path(__file__).parent / "results" / "provenance.json"
_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_RE_ENCODED = (
    *("h264_crf23", "h264_crf28", "h264_crf32", "h265_crf32", "size_0.75", "half_size", "crop_keep_90", "mirror"),
    *("trim_to_middle", "social_3_generations", "screenshot_png"),
)
_CASE = "00112233445566aa"
_MOST_CLIPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A change to a file's bytes, and how it must be answered: one of these states, and this code if it has one."""

    name: str
    change: Callable[[bytes], bytes]
    states: tuple[str, ...]
    code: str = ""


def _flipped(needle: bytes, offset: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = content.index(needle) + offset
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


def _without_box(content: bytes) -> bytes:
    at = content.index(_BOX) - 8
    return content[:at] + content[at + int.from_bytes(content[at : at + 4], "big") :]


TREATMENTS: tuple[Treatment, ...] = (
    Treatment(name="as signed", change=bytes, states=("trusted",)),
    Treatment(name="flip in mdat", change=_flipped(b"mdat", 500), states=("invalid",), code="bmffHash.mismatch"),
    Treatment(name="flip in moov", change=_flipped(b"mvhd", 12), states=("invalid",), code="bmffHash.mismatch"),
    Treatment(
        name="foreign uuid box",
        change=lambda c: c + b"\0\0\0\x18uuid" + b"a" * 16,
        states=("invalid",),
        code="bmffHash.mismatch",
    ),
    Treatment(
        name="text of an assertion changed",
        change=_flipped(b"trainedAlgorithmicMedia", 3),
        states=("invalid",),
        code="hashedURI.mismatch",
    ),
    Treatment(name="CBOR of the claim broken", change=_flipped(b"claim_generator_info", -1), states=("unreadable",)),
    Treatment(name="truncated", change=lambda c: c[: len(c) * 3 // 4], states=("invalid", "unreadable")),
    Treatment(name="bytes appended that are no box", change=lambda c: c + b"junk" * 20, states=("unreadable",)),
    Treatment(name="flip in ftyp", change=_flipped(b"ftyp", 4), states=("trusted",)),
    Treatment(
        name="free box appended (the library leaves these out of its hash by default, ours counts them)",
        change=lambda c: c + b"\0\0\0\x10free" + b"\0" * 8,
        states=("invalid",),
        code="bmffHash.mismatch",
    ),
    Treatment(name="box of credentials cut out", change=_without_box, states=("none",)),
)


def main(parts: list[str]) -> None:
    """Measure the parts and keep the others."""
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory(prefix="provenance-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        for part in parts:
            measure = {"treatments": treatments, "recovery": recovery}[part]
            command = f"python -m evals.provenance {part}"
            found[part] = {"machine": machine(), "command": command, **measure(folder, keys)}
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({name: found[name].get("total") for name in parts}))


def treatments(folder: Path, keys: Keys) -> dict[str, Any]:
    """Which rows are answered as they must be."""
    signed = folder / "signed.mp4"
    clip = Path(__file__).parents[1] / "deploy" / "demo" / "bunny.mp4"
    claim = definition(_order(), payload="01" * 12, has_parent=False)
    sign(clip, signed, claim, keys.signer, trust=keys.trust)
    rows = {one.name: _row(one, signed, folder, keys) for one in TREATMENTS}
    rows |= dict(_of_containers(signed, folder, keys))
    rows |= dict(_of_lists(signed, keys))
    return {"rows": rows, "total": f"{sum(row['agrees'] for row in rows.values())} of {len(rows)}"}


def _row(one: Treatment, signed: Path, folder: Path, keys: Keys) -> dict[str, Any]:
    path = folder / "treated.mp4"
    path.write_bytes(one.change(signed.read_bytes()))
    found = read(path, keys.trust)
    agrees = found.state in one.states and (not one.code or any(one.code in issue for issue in found.issues))
    return {"state": found.state, "issues": list(found.issues), "agrees": agrees}


def _of_containers(signed: Path, folder: Path, keys: Keys) -> Iterator[tuple[str, dict[str, Any]]]:
    for suffix, wanted in ((".mp4", "none"), (".mov", "none"), (".mkv", "unsupported")):
        again = folder / f"again{suffix}"
        ffmpeg("-i", str(signed), "-c", "copy", str(again))
        state = read(again, keys.trust).state
        yield f"ffmpeg -c copy to {suffix}", {"state": state, "agrees": state == wanted}
    renamed = folder / "photo.jpg"
    renamed.write_bytes(signed.read_bytes())
    state = read(renamed, keys.trust).state
    yield "renamed to .jpg", {"state": state, "agrees": state == "trusted"}


def _of_lists(signed: Path, keys: Keys) -> Iterator[tuple[str, dict[str, Any]]]:
    tsa_only = Trust(timestamps=(TrustList(name="urn:tsa", pem=keys.trust.signers[0].pem),))
    for name, trust in (("no list", Trust()), ("its root on the list of time stamps only", tsa_only)):
        state = read(signed, trust).state
        yield name, {"state": state, "agrees": state == "valid"}


def recovery(folder: Path, keys: Keys) -> dict[str, Any]:
    """How often the manifest comes back, by attack: the mark was read, and every soft binding in it names the mark."""
    hits: dict[str, list[bool]] = {}
    names: list[str] = []
    ordered = sorted(CLIPS, key=lambda one: not one.held_out)
    for clip in ordered:
        footage = folder / f"{clip.name}.mp4"
        if len(names) < _MOST_CLIPS and prepare(clip, footage):
            names.append(clip.name)
            sealed = folder / f"{clip.name}-sealed.mp4"
            mark = partial(mark_file, encoding=Encoding(crf=19, preset="veryfast"))
            report = seal(footage, sealed, _order(), keys=keys, mark=mark, detect=detect_file)
            for attack, copy in _stripped(sealed, folder):
                hits.setdefault(attack, []).append(_is_recovered(copy, report, keys))
    rows = {attack: _share(found) for attack, found in hits.items()}
    everything = [one for found in hits.values() for one in found]
    return {"clips": names, "rows": rows, "total": f"{sum(everything)} of {len(everything)}"}


def _stripped(sealed: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for suffix in (".mp4", ".mov", ".mkv"):
        out = folder / f"copy{suffix}"
        ffmpeg("-i", str(sealed), "-c", "copy", str(out))
        yield f"copied to {suffix}", out
    out = folder / "cut.mp4"
    ffmpeg("-ss", "1", "-i", str(sealed), "-c", "copy", str(out))
    yield "cut without encoding", out
    for attack in VIDEO_ATTACKS:
        if attack.name in _RE_ENCODED:
            yield attack.name, attack.run(sealed, folder / attack.name)


def _is_recovered(copy: Path, report: SealReport, keys: Keys) -> bool:
    stored = Stored(manifest_id=report.manifest_id, manifest=report.manifest.read_bytes(), case_id=_CASE)
    finding = verify(
        copy,
        trust=keys.trust,
        keys=[keys.mark_key],
        detect=find_marks,
        look_up=lambda case: {"source_type": "trainedAlgorithmicMedia"} if case == _CASE else None,
        recover=lambda payload: (stored,) if payload == report.payload else (),
    )
    return finding.verdict == "recovered_by_watermark" and any(one.kind == "recovered" for one in finding.evidence)


def _share(found: list[bool]) -> dict[str, Any]:
    low, high = wilson(sum(found), len(found))
    return {"recovered": sum(found), "n": len(found), "interval_95": [round(low, 2), round(high, 2)]}


def _order() -> SealOrder:
    return SealOrder(case_id=_CASE, engine="e", engine_version="1", policy="ab" * 32, when=datetime.now(UTC))


if __name__ == "__main__":
    main(sys.argv[1:] or ["treatments", "recovery"])
