"""Footage that exists, served as if an engine had made it: for trying Assay out, and for platforms of uploads.

It never says that it made something: `synthetic` is false, and the manifest says so too.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from core.errors import EngineFault, Unavailable
from core.ports import GeneratorInfo, JobProgress, JobState, RenderRequest
from pipeline.settings import Settings

_SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv")


class FolderEngine:
    """Serves the videos of a folder. A job is a file's name within it."""

    synthetic = False

    def __init__(self, folder: Path, *, name: str = "folder") -> None:
        self.name = name
        self._folder = folder
        self.version = _digest(folder, _videos(folder))

    def commission(self, request: RenderRequest) -> str:
        """The file named as the order's model, else one that its key picks: the same for the same key.

        Raises Unavailable when the folder holds no video.
        """
        videos = _videos(self._folder)
        if not videos:
            raise Unavailable(
                "the engine folder holds no video: put one in, or set ASSAY_ENGINE_FOLDER to where some are"
            )
        named = [name for name in videos if request.model and request.model in (name, Path(name).name, Path(name).stem)]
        pick = int.from_bytes(hashlib.sha256(request.key.encode()).digest()[:8])
        return named[0] if named else videos[pick % len(videos)]

    def poll(self, job: str) -> JobProgress:
        """Done at once. Raises EngineFault for a file that is not in the folder."""
        self._file(job)
        return JobProgress(state=JobState.DONE, percent=100.0)

    def fetch(self, job: str, to: Path) -> None:
        """Copy the file, whole or not at all. Raises EngineFault, or Unavailable when it cannot be read."""
        file = self._file(job)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".copy-") as folder:
            try:
                part = Path(shutil.copyfile(file, Path(folder) / "part"))
            except OSError as error:
                raise Unavailable(f"the engine folder cannot be read ({type(error).__name__})") from None
            part.replace(to)

    def cancel(self, job: str) -> None:
        """Nothing is under way that could be stopped."""

    def generator_info(self, job: str) -> GeneratorInfo:
        """What the note beside the file (`clip.mp4.json`) says of it. Raises EngineFault for no file, or no note."""
        file = self._file(job)
        note = file.with_name(f"{file.name}.json")
        if not note.is_file():
            return GeneratorInfo()
        try:
            said = dict(json.loads(note.read_text("utf-8")).items())
            return GeneratorInfo(
                **{name: str(said[name]) for name in ("model", "version", "source_type") if name in said}
            )
        except (OSError, ValueError, AttributeError):
            raise EngineFault(f"the note beside {job} cannot be read: it is a JSON object of texts") from None

    def _file(self, job: str) -> Path:
        # Only names that a listing gives are files here: no path leads out of the folder.
        if job not in _videos(self._folder):
            raise EngineFault("the engine folder holds no such file any more")
        return self._folder / job


def folder_engine(settings: Settings) -> FolderEngine:
    """The folder that the settings name."""
    return FolderEngine(settings.engine_folder)


def _videos(folder: Path) -> list[str]:
    """Names of the videos in the folder, sorted; files that a link leads out of it are not among them."""
    root = folder.resolve()
    found = (path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found if path.resolve().is_relative_to(root))


def _digest(folder: Path, videos: list[str]) -> str:
    """Twelve hex digits that change when a file comes, goes or changes its size."""
    listing = "\n".join(f"{name} {(folder / name).stat().st_size}" for name in videos)
    return hashlib.sha256(listing.encode()).hexdigest()[:12]
