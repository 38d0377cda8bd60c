"""work: what rights holders registered, to be looked for in prompts and, by example pictures, in videos."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from core.codec import dump
from pipeline.cli.cli_common import JsonOption, local_operator, open_installation, out, print_json
from pipeline.rights.rights_desk import require_rights_desk
from pipeline.rights.work_image_service import require_work_images
from registry.rights.registered_works import DEFAULT_FALSE_MATCH_RATE, WORK_KINDS, WORK_TERMS, RegisteredWork
from registry.rights.work_sounds import MAX_SOUND_NAME

work = typer.Typer(no_args_is_help=True, help="Registered characters, works, brands, artists and people.")

WorkIdArgument = Annotated[str, typer.Argument(help="An opaque id; verdicts and logs carry it, never a name.")]
ImageIdArgument = Annotated[str, typer.Argument(help="The id of an example picture, as `assay work images` lists it.")]


@work.command("add")
def add(
    work_id: WorkIdArgument,
    name: Annotated[list[str], typer.Option(help="A name it goes by; may be given more than once.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(WORK_KINDS)}.")] = "character",
    description: Annotated[str, typer.Option(help="What it looks like: prompts that describe it are found too.")] = "",
    holder: Annotated[str, typer.Option(help="The account that may add example pictures itself.")] = "",
    terms: Annotated[
        str, typer.Option(help=f"What holds where no licence does: {', '.join(WORK_TERMS)}; none: as the settings say.")
    ] = "",
    false_matches: Annotated[
        float, typer.Option(help="The share of videos that may be matched wrongly, from 0.0001 to 0.01.")
    ] = DEFAULT_FALSE_MATCH_RATE,
) -> None:
    """Register a work, or give a registered one other words. It is looked for in the very next prompt."""
    with open_installation() as installation:
        registered = RegisteredWork(
            id=work_id,
            kind=kind,
            names=tuple(name),
            description=description,
            holder=holder,
            terms=terms or "ask",
            is_stated=bool(terms),
            false_match_rate=false_matches,
        )
        installation.registry_admin.register(local_operator(), registered)
    out.print(f"{work_id} is looked for", highlight=False)


@work.command("remove")
def remove(work_id: WorkIdArgument) -> None:
    """Stop looking for a work, and erase its example pictures."""
    with open_installation() as installation:
        removed = installation.registry_admin.unregister(local_operator(), work_id)
    out.print(f"{work_id} is no longer looked for" if removed else f"{work_id} was not registered", highlight=False)


@work.command("list")
def list_works(as_json: JsonOption = False) -> None:
    """Everything that is looked for."""
    with open_installation() as installation:
        works = installation.registry_admin.registered(local_operator())
    if as_json:
        print_json({"works": [asdict(one) for one in works]})
        return
    table = Table("id", "kind", "names", "description")
    for one in works:
        table.add_row(one.id, one.kind, ", ".join(one.names), one.description)
    out.print(table)


@work.command("add-image")
def add_image(
    work_id: WorkIdArgument,
    files: Annotated[list[Path], typer.Argument(help="Pictures, or clips of up to 30 s, that show the work alone.")],
) -> None:
    """Add example pictures of a work: videos that look like them are found from the next one on."""
    with open_installation() as installation:
        service, who = require_work_images(installation.service.work_images), local_operator()
        for file in files:
            for image in service.add(who, work_id, file):
                out.print(f"{image.id}  {file.name}", highlight=False)
        if advice := service.of_work(who, work_id).advice:
            out.print(advice)


@work.command("images")
def list_images(work_id: WorkIdArgument, as_json: JsonOption = False) -> None:
    """The example pictures of a work, and how well it can be recognised by them."""
    with open_installation() as installation:
        found = require_work_images(installation.service.work_images).of_work(local_operator(), work_id)
    if as_json:
        print_json({"images": dump(found.images), "strength": dump(found.strength), "advice": found.advice})
        return
    table = Table("id", "size", "added by", "added")
    for one in found.images:
        table.add_row(one.id, f"{one.width} x {one.height}", one.added_by, f"{one.added:%Y-%m-%d %H:%M}")
    out.print(table)
    if found.strength:
        again = f"{found.strength.found_again:.0%} of the examples are found again by the others"
        out.print(f"alike from a cosine of {found.strength.threshold:.2f}; {again}", highlight=False)
    if found.advice:
        out.print(found.advice)


@work.command("show-image")
def show_image(
    work_id: WorkIdArgument,
    image_id: ImageIdArgument,
    to: Annotated[Path, typer.Option(help="Where to write it, as a JPEG.")],
) -> None:
    """Write an example picture to a file."""
    with open_installation() as installation:
        to.write_bytes(
            require_work_images(installation.service.work_images).picture(local_operator(), work_id, image_id)
        )
    out.print(f"written to {to}", highlight=False)


@work.command("remove-image")
def remove_image(work_id: WorkIdArgument, image_id: ImageIdArgument) -> None:
    """Forget an example picture, and what is compared of it."""
    with open_installation() as installation:
        removed = require_work_images(installation.service.work_images).remove(local_operator(), work_id, image_id)
    out.print(f"{image_id} is forgotten" if removed else f"{work_id} has no picture {image_id}", highlight=False)


@work.command("add-sound")
def add_sound(
    work_id: WorkIdArgument,
    files: Annotated[list[Path], typer.Argument(help="Recordings, or clips with them, of 3 s to 10 minutes.")],
) -> None:
    """Add example sounds of a work: videos in which the same recording is heard are found from the next one on."""
    with open_installation() as installation:
        sounds = require_rights_desk(installation.rights_desk).sounds
        for file in files:
            sound = sounds.add(local_operator(), work_id, file, name=file.stem[:MAX_SOUND_NAME])
            out.print(f"{sound.id}  {file.name}  {sound.seconds} s", highlight=False)


@work.command("sounds")
def list_sounds(work_id: WorkIdArgument, as_json: JsonOption = False) -> None:
    """The example sounds of a work."""
    with open_installation() as installation:
        found = require_rights_desk(installation.rights_desk).sounds.of_work(local_operator(), work_id)
    if as_json:
        print_json({"sounds": dump(found)})
        return
    table = Table("id", "name", "seconds", "added by", "added")
    for one in found:
        table.add_row(one.id, one.name, str(one.seconds), one.added_by, f"{one.added:%Y-%m-%d %H:%M}")
    out.print(table)


@work.command("show-sound")
def show_sound(
    work_id: WorkIdArgument,
    sound_id: Annotated[str, typer.Argument(help="The id of an example sound, as `assay work sounds` lists it.")],
    to: Annotated[Path, typer.Option(help="Where to write it, as an MP3.")],
) -> None:
    """Write an example sound to a file: the small copy that moderators listen to."""
    with open_installation() as installation:
        to.write_bytes(
            require_rights_desk(installation.rights_desk).sounds.recording(local_operator(), work_id, sound_id)
        )
    out.print(f"written to {to}", highlight=False)


@work.command("remove-sound")
def remove_sound(
    work_id: WorkIdArgument,
    sound_id: Annotated[str, typer.Argument(help="The id of an example sound, as `assay work sounds` lists it.")],
) -> None:
    """Forget an example sound."""
    with open_installation() as installation:
        removed = require_rights_desk(installation.rights_desk).sounds.remove(local_operator(), work_id, sound_id)
    out.print(f"{sound_id} is forgotten" if removed else f"{work_id} has no sound {sound_id}", highlight=False)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(work, name="work")
