"""Ways in which a file is damaged, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from py4j.protocol import Py4JJavaError


def flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0b1_0000]) + content[middle + 1 :]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda content: bytes(len(content)),
    "truncated": lambda content: content[: len(content) // 2],
    "garbage": lambda content: bytes(251 - byte // 2 for byte in content),
    "flipped": flip_a_bit,
}
DAMAGES = [*CHANGES, "missing"]


def damage(path: Path, how: str) -> None:
    if how != "missing":
        path.write_bytes(CHANGES[how](path.read_bytes()))
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def make_directory(path: Path) -> None:
    """In the place of the file."""
    path.unlink()
    (path / "inner").mkdir(parents=True)


class RefusedError(Py4JJavaError):
    """What Java says when the system refuses: tests may run as root, whom it refuses nothing."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        self.java_exception = SimpleNamespace(toString=lambda: text, getCause=lambda: None)
