"""Ways in which a file is damaged, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path


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
