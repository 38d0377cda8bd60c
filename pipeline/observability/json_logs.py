"""Lines of the log as JSON: which case, never what was in it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message`, and `case` and `trace` where there is one.

    What a library raised is told by its type alone where it is no error of Assay's: such texts may repeat a prompt.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if case_id := getattr(record, "case", None):
            line |= {"case": case_id, "trace": trace_of(str(case_id))}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def json_log_config(level: str) -> dict[str, Any]:
    """The same for logging.config.dictConfig, for programs that set up their logs themselves."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": level, "handlers": ["stderr"]},
    }


def trace_of(case_id: str) -> str:
    """The id of a case's trace: 32 hex digits that follow from the case's id, so that no message has to carry them."""
    return sha256(b"assay trace " + case_id.encode()).hexdigest()[:32]
