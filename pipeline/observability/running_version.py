"""Which version of Assay runs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def running_version() -> str:
    """The version that is installed; "unpacked" where the sources run without an installation."""
    try:
        return version("assay")
    except PackageNotFoundError:
        return "unpacked"
