"""What is unread when the query starts, and how it is read."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
from broker import FakeTopics
from conftest import SettingsOf, lines_of, offset_log
from pyspark.sql import SparkSession

from cpu_anomaly import catch_up
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.backlog import Backlog, Probe, Stretch, Times
from cpu_anomaly.catch_up import START_MS, CatchUp, Phase
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.modes import MicroBatch, MicroBatchesOfBacklog, mode_of
from cpu_anomaly.spread import MAX_STATE_ROWS
from cpu_anomaly.topics import Bounds

T0 = 1_700_000_000_000
HOUR_MS = 3_600_000


def topics_of(earliest: Mapping[str, int], end: Mapping[str, int]) -> FakeTopics:
    return FakeTopics({}, Bounds(earliest, end))


class Prober:
    """Finds what a test says, and keeps what it was asked for."""

    def __init__(self, probes: Collection[Probe], times: Times) -> None:
        self._probes = probes
        self._times = times
        self.probed: list[Backlog] = []
        self.read_backlogs: list[Backlog] = []

    def probe(self, backlog: Backlog) -> Collection[Probe]:
        self.probed.append(backlog)
        return self._probes

    def read(self, backlog: Backlog) -> Times:
        self.read_backlogs.append(backlog)
        return self._times


class Case:
    def __init__(self, spark: SparkSession, folder: Path, settings_of: SettingsOf) -> None:
        self._spark, self._settings_of = spark, settings_of
        self._out = io.StringIO()
        self.folder = folder
        (folder / "commits").mkdir()

    def plan(self, batch: int, end: Mapping[str, int], *, is_committed: bool = True) -> None:
        (self.folder / "offsets" / str(batch)).write_text(offset_log({"in": dict(end)}))
        if is_committed:
            (self.folder / "commits" / str(batch)).touch()

    def next_phase(
        self,
        topics: FakeTopics,
        probes: Collection[Probe] = (),
        stretches: Collection[Stretch] = (),
        counts: tuple[int, int] = (1, 100),
        bounds: Bounds | None = None,
        **changes: object,
    ) -> Phase:
        settings = self._settings_of(
            checkpoint=str(self.folder), input_topic="in", **{"max_offsets_per_trigger": 100, **changes}
        )
        self.prober = Prober(probes, Times(stretches, *counts))
        return CatchUp(
            Phase(settings, mode_of(settings)),
            topics,
            Checkpoint.of(self._spark, str(self.folder)),
            self.prober,
            EventLog(self._out),
        ).next_phase(bounds)

    @property
    def backlogs(self) -> list[Backlog]:
        return self.prober.probed

    def log(self) -> list[str]:
        return lines_of(self._out)


@pytest.fixture
def case(spark: SparkSession, checkpoint_folder: Path, settings_of: SettingsOf) -> Case:
    return Case(spark, checkpoint_folder, settings_of)


def test_what_one_batch_can_read_costs_one_request(case: Case) -> None:
    case.plan(0, {"0": 50})
    topics = topics_of({"0": 0}, {"0": 150})
    phase = case.next_phase(topics)
    assert (phase.settings.watermark_ms, type(phase.mode), phase.max_lag) == (10_000, MicroBatch, 100)
    assert (topics.requests, case.backlogs, case.log()) == (1, [], [])


def test_bounds_that_are_given_are_not_asked_for(case: Case) -> None:
    case.plan(0, {"0": 50})
    topics = topics_of({}, {})
    assert type(case.next_phase(topics, bounds=Bounds({"0": 0}, {"0": 151})).mode) is MicroBatchesOfBacklog
    assert topics.requests == 0


def test_more_is_read_to_its_end_with_a_delay_that_covers_it(case: Case) -> None:
    case.plan(3, {"0": 50, "1": 50})
    found = [
        Probe("0", 50, T0, T0),
        Probe("0", 300, T0 + 60_000, T0 + 60_000),
        Probe("1", 50, T0 + 40_000, T0 + 60_000),
    ]
    phase = case.next_phase(topics_of({"0": 0, "1": 0}, {"0": 350, "1": 100}), found)
    assert (phase.settings.watermark_ms, type(phase.mode), phase.max_lag) == (70_000, MicroBatchesOfBacklog, inf)
    assert replace(phase.settings, watermark_ms=10_000) == case.next_phase(topics_of({"0": 0}, {"0": 50})).settings
    assert case.log() == ["catch_up records=350 spread_ms=60000 delay_ms=70000"]


def probe_at(offset: int, time_ms: int) -> Probe:
    return Probe("0", offset, T0 + time_ms, T0 + time_ms)


IN_NO_ORDER = [probe_at(0, 60_000), probe_at(150, 0), probe_at(300, 60_000)]
# The places have missed the newest and the oldest sample.
STRETCHES = [Stretch("0", 0, 150, T0, T0 + 70_000, 150), Stretch("0", 150, 350, T0 - 20_000, T0 + 60_000, 200)]


def test_backlog_in_no_order_is_read_once_for_its_times(case: Case) -> None:
    phase = case.next_phase(topics_of({"0": 0}, {"0": 350}), IN_NO_ORDER, STRETCHES)
    assert phase.settings.watermark_ms == 100_000
    reading, read, caught_up = case.log()
    assert (reading, read.split(" seconds=")[0]) == ("catch_up_reading records=350", "catch_up_read records=350")
    assert caught_up == "catch_up records=350 spread_ms=90000 delay_ms=100000"
    assert len(case.prober.read_backlogs) == 1


def test_backlog_that_the_delay_covers_is_in_order(case: Case) -> None:
    probes = [probe_at(0, 10_000), probe_at(150, 0), probe_at(300, 60_000)]
    assert case.next_phase(topics_of({"0": 0}, {"0": 350}), probes).settings.watermark_ms == 10_000
    assert case.prober.read_backlogs == []


def test_batches_end_where_they_do_after_the_backlog_was_read(case: Case) -> None:
    topics = topics_of({"0": 0}, {"0": 350})
    given = Bounds({"0": 0}, {"0": 300})
    case.next_phase(topics, IN_NO_ORDER, STRETCHES, bounds=given)
    assert [backlog.end for backlog in case.prober.read_backlogs] == [{"0": 300}]
    assert case.log()[-1].startswith("catch_up records=350 ")


TOO_MANY = MAX_STATE_ROWS + 1


@pytest.mark.parametrize(
    ("counts", "on_disk", "delay_ms"),
    [
        ((50_000, TOO_MANY), False, 15_000),
        ((50_000, MAX_STATE_ROWS), False, 100_000),
        ((50_000, TOO_MANY), True, 100_000),
    ],
    ids=["too many windows for the heap", "they fit", "they are on disk"],
)
def test_heap_limits_the_delay_by_all_series_and_windows(
    case: Case, monkeypatch: pytest.MonkeyPatch, counts: tuple[int, int], on_disk: bool, delay_ms: int
) -> None:
    monkeypatch.setattr(catch_up, "uses_rocksdb", lambda: on_disk)
    phase = case.next_phase(topics_of({"0": 0}, {"0": 350}), IN_NO_ORDER, STRETCHES, counts)
    assert phase.settings.watermark_ms == delay_ms
    assert [line for line in case.log() if "limited" in line] == (
        ["catch_up_limited spread_ms=90000 possible_ms=5000 late_at_most=350"] if delay_ms == 15_000 else []
    )


@pytest.mark.parametrize(
    ("group_by", "on_disk", "is_read"), [("none", False, False), ("key", False, True), ("key", True, False)]
)
def test_few_records_do_not_show_how_many_series_the_heap_would_hold(
    case: Case, monkeypatch: pytest.MonkeyPatch, group_by: str, on_disk: bool, is_read: bool
) -> None:
    monkeypatch.setattr(catch_up, "uses_rocksdb", lambda: on_disk)
    probes = [replace(probe_at(0, nth * 60_000), partition=each) for nth, each in enumerate("01")]
    case.next_phase(topics_of({"0": 0, "1": 0}, {"0": 150, "1": 150}), probes, group_by=group_by)
    assert bool(case.prober.read_backlogs) is is_read


IDLE = topics_of({"0": 0, "1": 0}, {"0": 350, "1": 0})
IN_ORDER = [probe_at(0, 0), probe_at(340, 60_000)]


def test_arrivals_in_an_idle_partition_do_not_make_the_backlog_late(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "now_ms", lambda: T0 + HOUR_MS)
    phase = case.next_phase(IDLE, IN_ORDER, max_future_skew_ms=7)
    assert phase.settings.watermark_ms == 10_000 + HOUR_MS + 7 + START_MS
    assert case.prober.read_backlogs == []


def test_arrivals_while_all_is_read_do_not_make_the_backlog_late(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "now_ms", lambda: T0 + HOUR_MS)
    topics = topics_of({"0": 0, "1": 0}, {"0": 350, "1": 20})
    given = Bounds({"0": 0, "1": 0}, {"0": 350, "1": 0})
    phase = case.next_phase(topics, IN_NO_ORDER, STRETCHES, bounds=given, max_future_skew_ms=7)
    assert phase.settings.watermark_ms == 10_000 + 20_000 + HOUR_MS + 7 + START_MS


@pytest.mark.parametrize("probes", [IN_ORDER, IN_NO_ORDER])
def test_backlog_that_arrivals_could_make_late_is_named(
    case: Case, monkeypatch: pytest.MonkeyPatch, probes: Collection[Probe]
) -> None:
    monkeypatch.setattr(catch_up, "now_ms", lambda: T0 + 1000 * HOUR_MS)
    case.next_phase(IDLE, probes, STRETCHES, (1, TOO_MANY), max_future_skew_ms=7)
    reach = 20_000 + 1000 * HOUR_MS + 7 + START_MS
    assert case.log()[-1] == f"catch_up_exposed reach_ms={reach} possible_ms=250000000"


def test_delay_of_a_backlog_in_order_that_seems_too_long_is_worked_out_from_all_its_times(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "longest_ms", lambda *_: 5_000)
    probes = [replace(probe_at(0, nth * 60_000), partition=each) for nth, each in enumerate("01")]
    stretches = [Stretch(each, 0, 150, T0, T0 + 4_000, 150) for each in "01"]
    phase = case.next_phase(topics_of({"0": 0, "1": 0}, {"0": 150, "1": 150}), probes, stretches)
    assert phase.settings.watermark_ms == 14_000
    assert [line.split(" ")[0] for line in case.log()] == ["catch_up_reading", "catch_up_read", "catch_up"]


@pytest.mark.parametrize(
    ("starting_offsets", "start"), [("earliest", {"0": 7, "1": 0}), ("latest", None)], ids=["earliest", "latest"]
)
def test_new_checkpoint_starts_where_the_settings_say(
    case: Case, starting_offsets: str, start: Mapping[str, int] | None
) -> None:
    case.next_phase(topics_of({"0": 7, "1": 0}, {"0": 300, "1": 5}), starting_offsets=starting_offsets)
    assert [backlog.start for backlog in case.backlogs] == ([start] if start else [])


def test_batch_that_spark_will_run_again_ends_where_it_was_planned(case: Case) -> None:
    case.plan(0, {"0": 90}, is_committed=False)
    case.next_phase(topics_of({"0": 0}, {"0": 303}))
    (backlog,) = case.backlogs
    assert (backlog.start, list(backlog.batch_ends())[:2]) == ({"0": 3}, [{"0": 90}, {"0": 190}])


def test_added_partition_is_read_from_its_beginning(case: Case) -> None:
    case.plan(0, {"0": 90})
    case.next_phase(topics_of({"0": 0, "1": 20}, {"0": 100, "1": 320}))
    assert [backlog.start for backlog in case.backlogs] == [{"0": 90, "1": 20}]


def test_records_that_are_gone_are_left_to_spark_to_report(case: Case) -> None:
    case.plan(0, {"0": 10})
    phase = case.next_phase(topics_of({"0": 11}, {"0": 500}))
    assert (case.backlogs, phase.settings.watermark_ms) == ([], 10_000)


REAL_TIME: dict[str, Any] = {"trigger": "real-time", "checkpoint_interval_ms": 30}  # 300 records


@pytest.mark.parametrize(
    ("end", "probes", "said"),
    [
        (301, IN_NO_ORDER, ["backlog_in_real_time records=301 spread_ms=60000"]),
        (301, IN_ORDER, []),
        (300, IN_NO_ORDER, []),
    ],
    ids=["in no order", "in order", "one interval reads it"],
)
def test_real_time_mode_names_a_backlog_that_may_be_late(
    case: Case, end: int, probes: Collection[Probe], said: list[str]
) -> None:
    phase = case.next_phase(topics_of({"0": 0}, {"0": end}), probes, **REAL_TIME)
    assert (phase.max_lag, phase.settings.watermark_ms, case.log()) == (inf, 10_000, said)
