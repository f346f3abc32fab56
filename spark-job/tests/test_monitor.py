"""What the monitor finds while the query runs, and what it makes of a failure."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.continuity import MISSING_SECONDS
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.monitor import Monitor, Standstill, WallClock
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.topics import Bounds

BOUNDS = Bounds({"0": 0}, {"0": 10})


class Clock:
    """Two clocks, to be set by hand."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.steady = 50.0

    def compare(self) -> WallClock:
        return WallClock(lambda: self.wall, lambda: self.steady)


@pytest.mark.parametrize("step", [3_600.0, 5.0, 0.0, -1.0, -4.9])
def test_clock_may_step_forward_or_a_little_back(step: float) -> None:
    clock = Clock()
    compared = clock.compare()
    clock.wall += 1 + step
    clock.steady += 1
    compared.require_no_step_back()


@pytest.mark.parametrize("forward", [0.0, 7_200.0])
def test_clock_that_is_set_back_needs_a_new_driver(forward: float) -> None:
    clock = Clock()
    compared = clock.compare()
    clock.wall += forward
    compared.require_no_step_back()
    clock.wall -= 3_600
    with pytest.raises(RestartNeededError, match=r"^the wall clock was set back by 3600 s, .* is started again$"):
        compared.require_no_step_back()
    compared.require_no_step_back()


def test_pause_between_two_readings_is_not_a_step() -> None:
    clock = Clock()
    pauses = iter([0.0, 0.0, 0.0, 60.0, 0.0, 0.0])

    def steady() -> float:
        clock.steady += next(pauses)
        return clock.steady

    compared = WallClock(lambda: clock.wall + clock.steady, steady)
    compared.require_no_step_back()


def test_clock_is_that_of_the_jvm(spark: SparkSession) -> None:
    WallClock.of_jvm(spark).require_no_step_back()


class Log:
    """A standstill of a topic with one partition. Records are at these offsets only."""

    def __init__(self, interval_seconds: float = 0.0, records: Sequence[int] = range(100)) -> None:
        self._out = io.StringIO()
        self._records = records
        self.seconds = 0.0
        self.looks = 0
        self._standstill = Standstill(EventLog(self._out), interval_seconds, cast(Any, self), lambda: self.seconds)

    def bounds(self, position: Mapping[str, int], bounds: Bounds) -> Bounds:
        """Of UnreadRecords."""
        self.looks += 1
        end = bounds.end["0"]
        return Bounds({"0": next((at for at in self._records if position["0"] <= at < end), end)}, bounds.end)

    def at(self, seconds: float, commits: int = 0, end: int = 10) -> None:
        self.seconds = seconds
        self._standstill.note(commits, {"0": 4}, Bounds({"0": 0}, {"0": end}))

    def lines(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self._out.getvalue().splitlines()]


def test_standstill_is_logged_once_per_minute() -> None:
    log = Log()
    for seconds in range(0, 150, 5):
        log.at(seconds)
    assert log.lines() == ["standstill seconds=60 unread=6", "standstill seconds=120 unread=6"]


def test_standstill_begins_when_a_batch_should_have_committed() -> None:
    log = Log(interval_seconds=30)
    for seconds in (0, 89, 90):
        log.at(seconds)
    assert log.lines() == ["standstill seconds=90 unread=6"]


@pytest.mark.parametrize(("commits", "end"), [(1, 10), (0, 4)])
def test_query_that_commits_or_has_nothing_to_read_does_not_stand_still(commits: int, end: int) -> None:
    log = Log()
    log.at(0)
    log.at(40, commits, end)
    log.at(80, commits)
    assert log.lines() == []
    assert log.looks == 0


def test_offsets_without_records_are_no_standstill_and_cost_one_look_per_minute() -> None:
    log = Log(records=range(4))
    for seconds in range(0, 300, 5):
        log.at(seconds)
    assert log.lines() == []
    assert log.looks == 4


def test_record_behind_offsets_without_records_waits_from_its_own_arrival() -> None:
    log = Log(records=[12])
    for seconds in range(0, 150, 5):
        log.at(seconds, end=10 if seconds < 50 else 15)
    assert log.lines() == ["standstill seconds=60 unread=3"]
    assert log.seconds >= 120


class FakeContinuity:
    """Answers the monitor's questions, or raises what a test puts there."""

    def __init__(self) -> None:
        self.position: Mapping[str, int] = {}
        self.on_look: Callable[[], Bounds] = lambda: BOUNDS
        self.on_compare: Callable[[], None] = lambda: None
        self.misses_topics = False

    def look(self) -> Bounds:
        return self.on_look()

    def require_unread_records(self) -> None:
        self.on_compare()

    def committed(self, position: Mapping[str, int]) -> None:
        self.position = position
        if position == {"0": 3}:
            raise RecordsLostError("three")


class FakeGrowth:
    def __init__(self) -> None:
        self.error: Exception | None = None

    def require_slots(self, _partitions: int) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def parts() -> tuple[FakeContinuity, FakeGrowth, Monitor]:
    continuity, growth = FakeContinuity(), FakeGrowth()
    standstill = Standstill(EventLog(io.StringIO()), 0, cast(Any, None))
    monitor = Monitor(Clock().compare(), cast(Any, continuity), cast(Any, growth), standstill)
    return continuity, growth, monitor


Parts = tuple[FakeContinuity, FakeGrowth, Monitor]


def test_records_that_were_lost_before_a_commit_are_fatal(parts: Parts) -> None:
    monitor = parts[2]
    monitor.committed({"0": 4})
    assert not monitor.has_found()
    monitor.committed({"0": 3})
    assert monitor.has_found()
    with pytest.raises(RecordsLostError):
        monitor.raise_fatal()


def test_first_finding_counts_and_a_restart_is_not_fatal(parts: Parts) -> None:
    _, growth, monitor = parts
    growth.error = RestartNeededError("more slots")
    with pytest.raises(RestartNeededError), monitor.explaining():
        raise RuntimeError("no free slot")
    monitor.committed({"0": 3})
    monitor.raise_fatal()
    with pytest.raises(RestartNeededError):
        monitor.raise_found()


def test_failure_is_explained_by_records_that_are_lost(parts: Parts) -> None:
    continuity, _, monitor = parts

    def compare() -> None:
        raise RecordsLostError("three")

    continuity.on_compare = compare
    with pytest.raises(RecordsLostError, match="three") as raised, monitor.explaining():
        raise RuntimeError("offset out of range")
    assert str(raised.value.__cause__) == "offset out of range"


@pytest.mark.parametrize("misses_topics", [True, False])
def test_topics_that_are_missing_after_a_failure_get_time_to_appear(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, misses_topics: bool
) -> None:
    continuity, _, monitor = parts
    continuity.misses_topics = misses_topics
    course: list[object] = []

    def look() -> Bounds:
        course.append("look")
        return BOUNDS

    continuity.on_look = look
    monkeypatch.setattr(time, "sleep", course.append)
    with pytest.raises(RuntimeError, match="no broker"), monitor.explaining():
        raise RuntimeError("no broker")
    assert course == (["look", MISSING_SECONDS, "look"] if misses_topics else ["look"])


def test_failure_without_an_explanation_is_raised_as_it_is(parts: Parts) -> None:
    with pytest.raises(RuntimeError, match="no broker"), parts[2].explaining():
        raise RuntimeError("no broker")
