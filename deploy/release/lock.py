"""`make lock`: writes the files of exact versions with digests, from the ranges in pyproject.toml.

A version that a file names already is kept, unless `--upgrade` is given. torch is left out, with what only its builds
for graphics cards bring: which of its builds is right depends on the machine, and each has a digest of its own.
`make setup` installs it by version (requirements-torch.txt) and everything else by digest.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
TORCH = "requirements-torch.txt"
FILES = {
    "constraints.txt": ("dev", "all that developing and testing needs: `make setup`"),
    "constraints-server.txt": ("server", "what a deployment may be asked for: `pip install 'assay[server]'`"),
    "constraints-base.txt": ("", "what every installation needs: `pip install assay`"),
}
"""Each file, the extra that it covers, and what it is for. The first is made first, and the others agree with it."""
PYTHONS = ("3.11", "3.12", "3.13")
_CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "os_name": "posix"}
_MACHINES = [
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
]
_OF_A_BUILD = ("torch", "triton", "nvidia-", "cuda-")


def main() -> None:
    """Make the files anew. Exits with uv's code where the ranges cannot be met."""
    for name in FILES:
        made = compiled(name, sys.argv[1:])
        (ROOT / name).write_text(made, encoding="utf-8")
        print(f"{name}: {sum(1 for _ in blocks(made))} packages")


def compiled(name: str, more: list[str]) -> str:
    """The text of one file. `more` are options for uv, such as --upgrade."""
    extra, what_for = FILES[name]
    first = next(iter(FILES))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / name
        if (ROOT / name).exists():
            out.write_bytes((ROOT / name).read_bytes())
        command = [
            *("uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
            *("--constraints", TORCH, "--output-file", str(out), *more),
            *(["--extra", extra] if extra else []),
            *(["--constraints", first] if name != first else []),
        ]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode:
            sys.exit(done.returncode)
        made = [_where_needed(block) for block in blocks(out.read_text(encoding="utf-8")) if not _of_a_build(block)]
    kept = [block for block in made if block]
    return f"# {what_for[0].upper()}{what_for[1:]}. Made by `make lock`.\n" + "".join(kept)


def blocks(text: str) -> Iterator[str]:
    """Each package of such a file with its lines of digests."""
    block = ""
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            continue
        if block and not line.startswith((" ", "\t")):
            yield block
            block = ""
        block += line
    if block:
        yield block


def _where_needed(block: str) -> str:
    """The block without its condition where that is true wherever Assay runs, and nothing where it never is."""
    first, rest = block.split("\n", 1)
    asked = Requirement(first.rstrip("\\ "))
    if asked.marker is None:
        return block
    answers = {
        asked.marker.evaluate({**_CPYTHON, "python_version": python, "python_full_version": f"{python}.0", **system})
        for python in PYTHONS
        for system in _MACHINES
    }
    if answers == {True}:
        return f"{first.split(' ;')[0]} \\\n{rest}"
    return block if True in answers else ""


def _of_a_build(block: str) -> bool:
    name = block.split("==", maxsplit=1)[0]
    return name == _OF_A_BUILD[0] or name.startswith(_OF_A_BUILD[1:])


if __name__ == "__main__":
    main()
