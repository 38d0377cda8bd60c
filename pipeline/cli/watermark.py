"""mark and detect: the watermark by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core import codec
from core.finding import WatermarkFinding
from pipeline.cli.cli_common import JsonOption, out, print_json
from pipeline.settings import load_settings
from pipeline.verification import watermark_tool


def mark(
    source: Annotated[Path, typer.Argument(help="A video.")],
    target: Annotated[Path, typer.Argument(help="Where the marked MP4 goes.")],
    payload: Annotated[str, typer.Option(help="24 hex digits, or a case's 16.")],
    growth: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of bytes that the mark may add; default: mark_growth.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Mark a video with this office's key, outside any case."""
    report = watermark_tool.watermark_file(load_settings(), source, target, payload, growth=growth)
    if as_json:
        print_json({"file": str(target), **codec.dump(report)})
    else:
        out.print(f"{target}: payload {report.payload}, {report.pictures} pictures, mark at {report.psnr:.1f} dB")


def detect(
    file: Annotated[Path, typer.Argument(help="A video, or a picture.")],
    deep: Annotated[bool, typer.Option(help="Search longer: turned, filmed, strongly cropped pictures.")] = False,
    among: Annotated[
        typer.FileText | None,
        typer.Option(help="Payloads to compare a damaged mark with, one a line; default: all marked here."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Look for this office's watermark. Exit: 0 found, 1 not found."""
    issued = among.read().split() if among else []
    found = watermark_tool.detect_watermark(load_settings(), file, deep=deep, among=issued)
    heard = found.audio is not None and found.audio.detected
    if as_json:
        print_json(found)
    else:
        out.print("\n".join(_lines(found)), highlight=False)
    return 0 if found.detected or heard else 1


def _lines(found: WatermarkFinding) -> list[str]:
    picture = f"a mark of this office (p = {found.p_value:.1e})" if found.detected else "no mark of this office found"
    told = f" (too damaged to read: told apart from {found.among:,} issued)" if found.among else ""
    lines = [f"picture: {picture}" + (f", payload {found.payload}{told}" if found.payload else "")]
    lines += [f"  {span.start:.1f}-{span.end:.1f} s: {span.payload or 'not readable'}" for span in found.segments]
    if sound := found.audio:
        heard = f"a mark of this office (p = {sound.p_value:.1e})" if sound.detected else sound.note or "no mark found"
        lines.append(f"sound: {heard}" + (f", payload {sound.payload}" if sound.payload else ""))
    return lines


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(mark)
    app.command()(detect)
