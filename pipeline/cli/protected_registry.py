"""gallery: whose face and voice are protected."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.cli_common import local_operator, open_installation, out

gallery = typer.Typer(no_args_is_help=True, help="Protected faces and voices.")

ImageArgument = Annotated[Path, typer.Argument(help="A PNG or JPEG picture; it is not kept.")]
ProtectedIdArgument = Annotated[str, typer.Argument(help="An opaque id: not a name.")]


@gallery.command("add")
def gallery_add(
    person: ProtectedIdArgument,
    picture: ImageArgument,
    kind: Annotated[str, typer.Option(help="cameo, public_figure, estate, claimant or other.")] = "public_figure",
) -> None:
    """Protect the one face in a picture. It is looked for in every video from now on."""
    with open_installation() as installation:
        installation.registry_admin.add_protected_face(local_operator(), person, picture, kind=kind)
    out.print(f"{person} is protected", highlight=False)


@gallery.command("add-voice")
def gallery_add_voice(
    person: ProtectedIdArgument,
    sound: Annotated[Path, typer.Argument(help="A sound or video file in which one person speaks; it is not kept.")],
    kind: Annotated[str, typer.Option(help="cameo, public_figure, estate, claimant or other.")] = "public_figure",
) -> None:
    """Protect the one voice in a file. It is listened for in every video from now on."""
    with open_installation() as installation:
        installation.registry_admin.add_protected_voice(local_operator(), person, sound, kind=kind)
    out.print(f"{person} is protected", highlight=False)


@gallery.command("remove")
def gallery_remove(person: ProtectedIdArgument) -> None:
    """Forget all faces and voices of a person."""
    with open_installation() as installation:
        out.print(
            f"{installation.registry_admin.remove_protected(local_operator(), person)} templates forgotten",
            highlight=False,
        )


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(gallery, name="gallery")
