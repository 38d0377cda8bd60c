"""The sandboxed process: restricts itself, then imports and runs the one function it was started for.

Started as a script by media.sandbox.client with `python -I`, so it finds its own packages, or forked from
media.sandbox.forkserver;
standard library only until the cage is shut.
"""

from __future__ import annotations

import errno
import importlib
import json
import sys
import traceback
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from media.sandbox.confinement import confine

_KINDS = {errno.EFBIG: "TooMuchWritten", errno.ENOSPC: "NoSpace"}


def main(payload: bytes, *, baseline_memory: int = 0) -> None:
    """Leave `answer.json` and arrays in the current folder. `baseline_memory` bytes of address space are not its
    doing.
    """
    request = json.loads(payload)
    bounds = request["bounds"]
    files = {"reads": request["reads"], "writes": [str(Path.cwd()), *request["writes"]]}
    confine(**{**bounds, "memory": bounds["memory"] + baseline_memory}, **files)
    answer = _answer(request["function"], request["arguments"])
    part = Path("answer.part")
    part.write_text(json.dumps(answer))
    part.rename("answer.json")


def _answer(function: str, arguments: dict[str, object]) -> dict[str, object]:
    try:
        module, _, name = function.partition(":")
        value = getattr(importlib.import_module(module), name)(**arguments)
        return {"value": _pack(value, [])}
    except MemoryError:
        return {"error": "MemoryError"}
    except Exception as error:  # noqa: BLE001  the caller gets every end of this process as one line
        kind = _KINDS.get(getattr(error, "errno", None) or 0, type(error).__name__)
        message = (str(error).splitlines() or [""])[0]
        return {"error": kind, "message": message[:500], "traceback": traceback.format_exc(limit=-5)[:4000]}


def _pack(value: object, arrays: list[int]) -> object:
    if type(value).__module__ == "numpy":
        import numpy as np

        arrays.append(len(arrays))
        array = np.ascontiguousarray(value)
        with Path(f"{arrays[-1]}.npy").open("wb") as file:  # np.save hides why a write failed
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
            file.write(array.data)
        return {"__array__": arrays[-1]}
    if isinstance(value, dict):
        return {key: _pack(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item, arrays) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _pack(getattr(value, name), arrays) for name in value.__dataclass_fields__}
    return value


if __name__ == "__main__":
    main(sys.stdin.buffer.read())
