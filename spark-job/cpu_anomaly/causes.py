"""Exceptions of the JVM, followed to their causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JJavaError


def causes_of(error: Exception) -> list[str]:
    """The error and its causes as text, outermost first, followed into the JVM."""
    thrown = list(thrown_by(error))
    return [each.toString() for each in thrown] or [str(error)]


def has_sign(signs: tuple[str, ...], causes: list[str]) -> bool:
    return any(sign in cause for sign in signs for cause in causes)


def is_thrown_by(java_class: str, error: Exception) -> bool:
    """True if the innermost cause passed through a method of this class."""
    thrown = list(thrown_by(error))
    return bool(thrown) and any(java_class in frame.toString() for frame in thrown[-1].getStackTrace())


def thrown_by(error: Exception) -> Iterator[Any]:
    """The exceptions of the JVM, outermost first."""
    thrown = error.java_exception if isinstance(error, Py4JJavaError) else getattr(error, "_origin", None)
    while thrown is not None:
        yield thrown
        thrown = thrown.getCause()
