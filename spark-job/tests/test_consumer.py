"""A few records from an offset on, and which offsets before the end of a topic have none."""

from __future__ import annotations

import time
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from cpu_anomaly import unread
from cpu_anomaly.consumer import FewRecords
from cpu_anomaly.topics import Bounds
from cpu_anomaly.unread import UnreadRecords


class Consumer:
    """A consumer of one partition: each poll gives the next of these lists, and moves on by a number of offsets."""

    def __init__(self, *polls: tuple[int, list[int]]) -> None:
        self._polls = list(polls)
        self._position = 0

    def assign(self, _: object) -> None:
        pass

    def seek(self, _: object, offset: int) -> None:
        self._position = offset

    def position(self, _: object) -> int:
        return self._position

    def poll(self, _: object) -> Any:
        moved, offsets = self._polls.pop(0) if self._polls else (0, [])
        self._position += moved
        records = [SimpleNamespace(offset=lambda at=at: at) for at in offsets]
        return SimpleNamespace(records=lambda _: records)


class Jvm:
    """Stands in for every class and object of the JVM."""

    def __getattr__(self, _: str) -> Jvm:
        return self

    def __call__(self, *_: object) -> Jvm:
        return self


def reader(*polls: tuple[int, list[int]]) -> FewRecords:
    return FewRecords(Consumer(*polls), Jvm())


@pytest.mark.parametrize(
    ("polls", "offsets", "start"),
    [
        ([(2, [40, 41])], [40, 41], 40),
        # The first answers may be empty, and what was aborted is passed over.
        ([(0, []), (7, []), (1, [47])], [47], 47),
        ([(60, [])], [], 100),
    ],
    ids=["at once", "after aborted ones", "nothing but aborted ones"],
)
def test_reads_the_next_records_that_count(polls: list[tuple[int, list[int]]], offsets: list[int], start: int) -> None:
    found, first = reader(*polls).read(("in", 0), 40, 100, time.monotonic() + 5)
    assert ([record.offset() for record in found], first) == (offsets, start)


def test_silent_broker_ends_the_wait() -> None:
    assert reader((3, [])).read(("in", 0), 40, 100, time.monotonic() + 0.01) == ([], 43)


def unread_after(position: dict[str, int], bounds: Bounds, *polls: tuple[int, list[int]]) -> Bounds:
    return UnreadRecords("in", lambda: nullcontext(reader(*polls))).bounds(position, bounds)


def test_unread_records_begin_with_the_first_that_counts() -> None:
    bounds = Bounds({"0": 5, "1": 0, "2": 3}, {"0": 20, "1": 8, "2": 9})
    found = unread_after({"0": 16, "1": 8}, bounds, (4, []), (3, [4, 5, 6]))
    assert found == Bounds({"0": 20, "1": 8, "2": 4}, bounds.end)
    assert found.unread({}) == 5


def test_what_takes_too_long_to_pass_over_counts_as_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "LOOK_SECONDS", 0.01)
    assert unread_after({"0": 10}, Bounds({"0": 0}, {"0": 20}), (3, [])).unread({}) == 7
