"""Stand-ins for exceptions of the JVM."""

from __future__ import annotations

from typing import Any


class Thrown:
    """A Java exception, as py4j shows it."""

    _target_id = "o1"
    _gateway_client = None

    def __init__(self, text: str, cause: Thrown | None = None, frame: str | None = None) -> None:
        self._text = text
        self._cause = cause
        self._frames = [Thrown(frame)] if frame else []

    def toString(self) -> str:
        return self._text

    def getStackTrace(self) -> list[Thrown]:
        return self._frames

    def getCause(self) -> Thrown | None:
        return self._cause


class FromJavaError(RuntimeError):
    """An exception that pyspark converted: it keeps the Java one."""

    def __init__(self, origin: Any) -> None:
        super().__init__("converted")
        self._origin = origin


def refused(kind: str, text: str = "no") -> FromJavaError:
    """As Kafka's client refuses something."""
    return FromJavaError(Thrown("an error", Thrown(f"org.apache.kafka.common.errors.{kind}Exception: {text}")))
