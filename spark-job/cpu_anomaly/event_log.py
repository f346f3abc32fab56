"""The driver's log, which the orchestrator reads: event and field names are a contract with it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TextIO


class EventLog:
    """Writes one line per event: `<time> <event> key=value ...`. Safe to use from several threads."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        # Called with each event and its line, once that is written.
        self.on_line: Callable[[str, str], None] = lambda _event, _line: None

    def write(self, event: str, **values: object) -> None:
        pairs = "".join(f" {name}={log_value(value)}" for name, value in values.items())
        with self._lock:
            line = f"{iso_time(time.time())} {event}{pairs}"
            self._out.write(f"{line}\n")
            self._out.flush()
        self.on_line(event, line)


def log_value(value: object) -> str:
    """As it is if that is unambiguous, else as a JSON string: no record can forge a line or control a terminal."""
    if value is None:
        return ""
    text = str(value)
    is_plain_text = text.isascii() and text.isprintable() and not set(text) & set(' "=\\')
    return text if is_plain_text else json.dumps(text)


def iso_time(seconds: float) -> str:
    """Seconds since 1970 as UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
