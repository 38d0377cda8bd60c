"""mark and detect: the watermark alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core import codec
from core.finding import WatermarkFinding
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import load_settings


def mark(
    source: Annotated[Path, typer.Argument(help="A video.")],
    target: Annotated[Path, typer.Argument(help="Where the marked MP4 goes.")],
    payload: Annotated[str, typer.Option(help="24 hex digits, or a case's 16.")],
    growth: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of bytes that the mark may add; default: mark_growth.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Mark a video with this installation's key, outside any case."""
    from pipeline.verification import watermark_tool

    report = watermark_tool.watermark_file(load_settings(), source, target, payload, growth=growth)
    if as_json:
        print_json({"file": str(target), **codec.dump(report)})
    else:
        out.print(f"{target}: payload {report.payload}, {report.pictures} pictures, mark at {report.psnr:.1f} dB")


def detect(
    file: Annotated[Path, typer.Argument(help="A video, or a picture.")],
    deep: Annotated[
        bool, typer.Option(help="Where nothing is found, search on: turned, filmed, strongly cropped pictures.")
    ] = True,
    among: Annotated[
        typer.FileText | None,
        typer.Option(help="Payloads to compare a damaged mark with, one a line; default: all marked here."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Look for this installation's watermark. Exit: 0 found, 1 not found."""
    from pipeline.verification import watermark_tool

    issued = among.read().split() if among else []
    finding = watermark_tool.detect_watermark(load_settings(), file, deep=deep, among=issued)
    in_sound = finding.audio is not None and finding.audio.detected
    if as_json:
        print_json(finding)
    else:
        out.print("\n".join(_lines(finding)), highlight=False)
    return 0 if finding.detected or in_sound else 1


def _lines(finding: WatermarkFinding) -> list[str]:
    mark = "a mark of this installation"
    picture = f"{mark} (p = {finding.p_value:.1e})" if finding.detected else "no mark of this installation found"
    damaged = f" (too damaged to decode: matched against {finding.among:,} issued)" if finding.among else ""
    lines = [f"picture: {picture}" + (f", payload {finding.payload}{damaged}" if finding.payload else "")]
    lines += [
        f"  {span.start:.1f}-{span.end:.1f} s (p = {span.p_value:.1e}): {span.payload or 'not readable'}"
        for span in finding.segments
    ]
    if sound := finding.audio:
        audio = f"{mark} (p = {sound.p_value:.1e})" if sound.detected else sound.note or "no mark found"
        lines.append(f"sound: {audio}" + (f", payload {sound.payload}" if sound.payload else ""))
    return lines


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(mark)
    app.command()(detect)
