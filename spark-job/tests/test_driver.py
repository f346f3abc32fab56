"""The course of the driver's life, with real parts: only the broker, the query and the clock are stand-ins."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from broker import FakeTopics
from conftest import SettingsOf, offset_log
from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.listener import StreamingQueryListener
from pyspark.sql.streaming.query import StreamingQuery
from spark_reports import NOTHING, SECONDS, Query, Step, ended, fail, progress_event, running

from cpu_anomaly import catch_up, monitor
from cpu_anomaly.accounting import auditor
from cpu_anomaly.accounting.audit import Audit, Findings
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.lag_group import LagGroup
from cpu_anomaly.accounting.ledger import Ledger
from cpu_anomaly.backlog import Times
from cpu_anomaly.catch_up import Phase
from cpu_anomaly.driver import Driver, main
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.modes import MicroBatch, MicroBatchesOfBacklog, Mode, RealTime, mode_of
from cpu_anomaly.monitor import WallClock
from cpu_anomaly.outside import Outside
from cpu_anomaly.rights import READ, WRITE
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import Settings
from cpu_anomaly.spread import MAX_STATE_ROWS
from cpu_anomaly.topics import Bounds, TopicReplacedError, find_topics

IDS = {"in": "a", "out": "b", "dead": "c"}
FIRST = 3  # the offset at which `checkpoint_folder` starts


def bounds(end: int, earliest: int = FIRST) -> Bounds:
    return Bounds({"0": earliest}, {"0": end})


class Output:
    """The output topic, which stays empty."""

    name = "out"

    def end(self) -> Mapping[str, int]:
        return {"0": 0}

    def between(self, _start: Mapping[str, int], _end: Mapping[str, int]) -> DataFrame:
        raise AssertionError("no window was reported")


class Inspector:
    """Reads no records. While a query runs, an inspection lasts until that query is stopped."""

    watermark_ms = 10_000

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.query: Query | None = None
        self.error: Exception | None = None
        self._has_begun = threading.Event()

    def wait_until_it_begins(self) -> bool:
        assert self._has_begun.wait(SECONDS), "no batch was audited"
        return False

    def inspect(self, audits: Sequence[Audit]) -> Findings:
        self.batches += [audit.batch for audit in audits]
        self._has_begun.set()
        if self.error:
            raise self.error
        if self.query:
            self.query.wait_for_stop()
        return Findings({}, {})


class Case:
    """A driver on a checkpoint of its own, in which a query leaves what Spark would."""

    def __init__(self, spark: SparkSession, folder: Path, settings: Settings) -> None:
        self._spark = spark
        self._folder = folder
        self._out = io.StringIO()
        self._listeners: list[StreamingQueryListener] = []
        self._queries: list[Query] = []
        self._seconds_back = 0.0
        self._read_up_to = FIRST
        self.settings = settings
        self.broker = FakeTopics(IDS, bounds(FIRST))
        self.inspector = Inspector()
        self.phases: list[Phase] = []
        self.is_stop_wanted = False
        self.reports: list[str] = []
        self.commits: list[int] = []
        (folder / "commits").mkdir()

    def run(self, *queries: Query, mode: Mode | None = None) -> list[str]:
        """Runs the driver with these queries, one after the other; the events that it logs, with their first field."""
        self._queries = list(queries)
        mode = mode or mode_of(self.settings)
        topics = find_topics(self.broker, self.settings)
        Driver(self.settings, mode, self._outside(), topics, EventLog(self._out)).run(lambda: self.is_stop_wanted)
        return self.events()

    def log(self) -> str:
        return self._out.getvalue()

    def events(self) -> list[str]:
        lines = [line.split(" ")[1:3] for line in self._out.getvalue().splitlines()]
        return [" ".join(line) for line in lines if line[0] in ("ready", "stopped", "catch_up")]

    def ledger(self) -> Ledger:
        return Ledger.load(Checkpoint.of(self._spark, str(self._folder)))

    def commit(
        self,
        batch: int,
        *,
        records: int = 1,
        unread: int = 0,
        left_out: bool = False,
        windows: Mapping[str, object] | None = None,
    ) -> Step:
        """A batch that reads `records` and then sees that `unread` have arrived."""

        def step() -> bool:
            self.leave(batch, records)
            end = {"0": self._read_up_to}
            self.broker.bounds = replace(self.broker.bounds, end={"0": self._read_up_to + unread})
            event = progress_event(batch, end=end, unread=unread, left_out=left_out, windows=windows)
            self._listeners[0].onQueryProgress(event)
            return False

        return step

    def idle(self) -> bool:
        self._listeners[0].onQueryIdle(NOTHING)
        return False

    def stop(self) -> bool:
        self.is_stop_wanted = True
        return False

    def set_clock_back(self) -> bool:
        self._seconds_back += 3_600
        return False

    def wait_for_monitor(self) -> bool:
        """Until it has seen how the topics are now: it may have begun to look before."""
        wanted, deadline = self.broker.requests + 2, time.monotonic() + SECONDS
        while self.broker.requests < wanted:
            assert time.monotonic() < deadline, f"{self.broker.requests} requests instead of {wanted}"
            time.sleep(0.001)
        return False

    def leave(self, batch: int, records: int = 1) -> None:
        """A committed batch, in the checkpoint."""
        self._read_up_to += records
        (self._folder / "offsets" / str(batch)).write_text(offset_log({"in": {"0": self._read_up_to}}))
        (self._folder / "commits" / str(batch)).write_text('v1\n{"nextBatchWatermarkMs":0}')

    def account_for(self, batch: int) -> None:
        """An earlier driver has done so."""
        (self._folder / "metadata").write_text(json.dumps({"id": str(uuid.uuid4())}))
        Ledger(batch, read=batch + 1, topic_ids=IDS).save(Checkpoint.of(self._spark, str(self._folder)))

    def _outside(self) -> Outside:
        return Outside(
            spark=self._spark,
            listen=self._listeners.append,
            clock=WallClock(lambda: 1_700_000_000.0 - self._seconds_back, lambda: 50.0),
            start_query=self._start_query,
            topics=self.broker,
            output=Output(),
            inspector=cast(Any, self.inspector),
            prober=cast(Any, SimpleNamespace(probe=lambda _: [])),
            unread=NOTHING,
            report_ready=lambda: self.reports.append("ready"),
            report_commit=self.commits.append,
        )

    def _start_query(self, phase: Phase) -> StreamingQuery:
        query = self._queries.pop(0)
        query.listener = self._listeners[0]
        query.listener.onQueryStarted(NOTHING)
        self.phases.append(phase)
        self.inspector.query = query
        return cast(StreamingQuery, query)


@pytest.fixture
def case(
    spark: SparkSession, checkpoint_folder: Path, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeypatch.setattr(monitor, "CLOCK_SECONDS", 0.01)
    monkeypatch.setattr(monitor, "TOPICS_SECONDS", 0.0)
    names = {"input_topic": "in", "output_topic": "out", "dead_letter_topic": "dead"}
    case = Case(spark, checkpoint_folder, settings_of(checkpoint=str(checkpoint_folder), **names))
    yield case
    case.set_clock_back()  # the monitor ends once it has found something


def test_driver_runs_the_query_until_a_stop_and_accounts_for_its_batches(case: Case) -> None:
    query = Query(case.commit(0), case.commit(1), case.stop)
    assert case.run(query) == ["ready batch=0", "stopped batch=1"]
    assert query.is_stopped
    # The dead-letter topic may be replaced.
    assert case.ledger() == Ledger(1, read=2, topic_ids={"in": "a", "out": "b"})


def test_broker_is_asked_for_the_bounds_once_per_start(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "CLOCK_SECONDS", 60.0)
    case.run(Query(case.commit(0), case.stop))
    assert case.broker.requests == 1


def test_batches_that_the_last_driver_did_not_account_for_are_first(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "CLOCK_SECONDS", 60.0)
    for batch in range(3):
        case.leave(batch)
    case.account_for(0)
    case.broker.bounds = bounds(FIRST + 3)
    assert case.run(Query(case.commit(3), case.stop)) == ["ready batch=3", "stopped batch=3"]
    assert case.inspector.batches == [1, 2]
    # What is unread may have grown meanwhile.
    assert case.broker.requests == 2


def test_query_is_started_again_once_the_auditor_has_caught_up(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "MAX_BATCHES_BEHIND", 3)
    behind = [case.commit(batch) for batch in range(1, 5)]
    first = Query(case.commit(0, left_out=True), case.inspector.wait_until_it_begins, *behind)
    second = Query(case.stop)
    assert case.run(first, second) == ["ready batch=0", "stopped batch=4"]
    assert (first.is_stopped, second.is_stopped, len(case.phases)) == (True, True, 2)


def test_query_that_has_read_a_backlog_or_leaves_one_is_started_again_as_fits(case: Case) -> None:
    case.settings = replace(case.settings, max_offsets_per_trigger=100)
    case.broker.bounds = bounds(FIRST + 101)
    first = Query(case.commit(0, records=101), ended)
    second = Query(case.commit(1, unread=100), case.commit(2, unread=101))
    assert case.run(first, second, Query(case.stop)) == [
        "catch_up records=101",
        "ready batch=0",
        "catch_up records=101",
        "stopped batch=2",
    ]
    assert [type(phase.mode) for phase in case.phases] == [MicroBatchesOfBacklog, MicroBatch, MicroBatchesOfBacklog]
    assert (first.is_stopped, second.is_stopped) == (True, True)


GROUP = "cpu-anomaly.1-2"


def test_lag_group_has_the_offsets_of_what_is_accounted_for_when_the_driver_stops(case: Case) -> None:
    case.run(Query(case.commit(0, records=2), ended), Query(case.commit(1, records=3), case.stop))
    assert case.broker.groups == {GROUP: {"0": FIRST + 5}}
    assert case.log().count(f" lag_group name={GROUP}\n") == 1


def test_stopped_driver_has_waited_for_the_lag_group(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer, finish = threading.Event(), LagGroup.finish

    def answer_and_finish(group: LagGroup) -> None:
        may_answer.set()
        finish(group)

    monkeypatch.setattr(LagGroup, "finish", answer_and_finish)
    case.broker.before_answer = lambda: may_answer.wait(SECONDS)
    case.run(Query(case.commit(0), case.stop))
    assert case.broker.groups == {GROUP: {"0": FIRST + 1}}


def test_lag_group_is_corrected_when_the_driver_starts(case: Case) -> None:
    for batch in range(3):
        case.leave(batch)
    case.account_for(0)
    case.broker.bounds = bounds(FIRST + 3)
    case.broker.groups = {GROUP: {"0": 0}}
    case.run(Query(case.stop))
    assert (case.broker.groups, case.ledger().batch) == ({GROUP: {"0": FIRST + 3}}, 2)


def test_lag_group_never_has_more_than_the_ledger(case: Case) -> None:
    query = Query(case.commit(0, left_out=True))
    case.inspector.error = RuntimeError("no ledger")
    with pytest.raises(RuntimeError, match="no ledger"):
        case.run(query)
    assert GROUP not in case.broker.groups or case.broker.groups[GROUP] == {"0": FIRST}


def test_real_time_query_runs_without_the_right_to_read_the_results(case: Case) -> None:
    case.broker.granted = {"in": frozenset({READ}), "out": frozenset({WRITE}), "dead": frozenset({WRITE})}
    commit = case.commit(0, windows={"warn": 1})
    assert case.run(Query(commit, case.stop), mode=RealTime(0)) == ["ready batch=0", "stopped batch=0"]
    assert [line.split(" ")[1:3] for line in case.log().splitlines() if "READ on topic out" in line] == [
        ["anomalies_unreadable", "topic=out"]
    ]


def test_micro_batches_do_not_need_the_right_to_read_the_results(case: Case) -> None:
    case.broker.granted = {"out": frozenset({WRITE})}
    case.run(Query(case.commit(0), case.stop))
    assert "anomalies_unreadable" not in case.log()


def test_progress_names_the_delay_of_the_watermark(case: Case) -> None:
    case.settings = replace(case.settings, watermark_ms=70_000)
    case.run(Query(case.commit(0), case.stop))
    assert " delay_ms=70000 " in case.log()


def test_progress_adds_up_the_windows_for_which_the_baseline_has_no_row(case: Case) -> None:
    case.settings = replace(case.settings, baseline_file="baseline.csv")
    counts = [case.commit(batch, windows={"without_baseline": count}) for batch, count in enumerate((2, 0, 3))]
    case.run(Query(*counts, case.stop))
    assert re.findall(r" without_baseline=(\d+) ", case.log()) == ["2", "2", "5"]


def test_without_a_baseline_progress_says_nothing_of_it(case: Case) -> None:
    case.run(Query(case.commit(0), case.stop))
    assert "without_baseline" not in case.log()


def test_progress_repeats_what_will_be_late_of_a_backlog(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.settings = replace(case.settings, max_offsets_per_trigger=100)
    case.broker.bounds = bounds(FIRST + 101)
    monkeypatch.setattr(catch_up.CatchUp, "_read", lambda *_: Times([], series=1, windows=MAX_STATE_ROWS + 1))
    monkeypatch.setattr(catch_up, "longest_ms", lambda *_: -1)
    monkeypatch.setattr(catch_up, "spread_ms", lambda *_: 9)
    monkeypatch.setattr(catch_up, "late_at_most", lambda *_: 7)
    case.run(Query(case.commit(0, records=101), ended), Query(case.commit(1), case.stop))
    progress = [line for line in case.log().splitlines() if " progress " in line]
    remark = " remark=catch_up_limited spread_ms=9 possible_ms=-1 late_at_most=7 "
    assert [remark in line for line in progress] == [True, True]


class Processing(RealTime):
    """Its tasks run from the second look on."""

    _looks = iter([False, True])

    def is_processing(self, _context: SparkContext) -> bool:
        return next(self._looks)


@pytest.mark.parametrize(
    ("mode", "events"),
    [
        (MicroBatch(0, 100), ["stopped batch="]),
        (RealTime(0), ["stopped batch="]),
        (Processing(0), ["ready batch=", "stopped batch="]),
    ],
)
def test_only_a_real_time_query_that_processes_records_is_ready_before_it_commits(
    case: Case, mode: Mode, events: list[str]
) -> None:
    assert case.run(Query(running, case.stop), mode=mode) == events
    assert case.reports == (["ready"] if len(events) == 2 else [])


def test_query_that_has_nothing_to_read_is_ready_once_its_state_was_loaded(case: Case) -> None:
    assert case.run(Query(case.idle, case.stop)) == ["ready batch=", "stopped batch="]


def test_query_whose_state_is_missing_is_never_ready(case: Case) -> None:
    case.leave(0)
    case.account_for(0)
    case.broker.bounds = bounds(FIRST + 1)
    with pytest.raises(Exception, match=r"STATE_STORE|STDS|state"):
        case.run(Query(case.idle))
    assert (case.events(), case.reports) == ([], [])


def test_query_that_ends_before_it_processes_records_is_not_ready(case: Case) -> None:
    assert case.run(Query(ended), Query(case.stop)) == ["stopped batch="]


def test_what_makes_the_query_fail_is_raised(case: Case) -> None:
    with pytest.raises(RuntimeError, match="no broker"):
        case.run(Query(fail))


def test_query_is_stopped_and_accounted_for_if_a_new_driver_is_needed(case: Case) -> None:
    query = Query(case.commit(0), case.set_clock_back)
    with pytest.raises(RestartNeededError, match="the wall clock was set back"):
        case.run(query)
    assert (query.is_stopped, case.ledger().batch) == (True, 0)


def test_query_is_not_even_stopped_once_a_topic_was_replaced(case: Case) -> None:
    def replace_topic() -> bool:
        case.broker.known = {**IDS, "in": "d"}
        return False

    query = Query(case.commit(0), replace_topic)
    with pytest.raises(TopicReplacedError, match="its id was a and is now d"):
        case.run(query)
    assert not query.is_stopped


def test_query_is_not_even_stopped_once_records_were_lost(case: Case) -> None:
    def remove_records() -> bool:
        case.broker.bounds = bounds(FIRST + 9, earliest=FIRST + 7)
        return False

    query = Query(remove_records, case.wait_for_monitor, case.commit(0))
    with pytest.raises(RecordsLostError, match="wanted offset 4, the earliest is 10"):
        case.run(query)
    assert not query.is_stopped


def test_failure_of_the_query_is_explained_by_what_happened_to_the_topics(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "CLOCK_SECONDS", 60.0)

    def replace_topic_and_fail() -> bool:
        case.broker.known = {**IDS, "in": "d"}
        return fail()

    with pytest.raises(TopicReplacedError):
        case.run(Query(replace_topic_and_fail))


def test_query_is_stopped_if_the_accounting_fails(case: Case) -> None:
    case.inspector.error = RuntimeError("no ledger")
    query = Query(case.commit(0, left_out=True))
    with pytest.raises(RuntimeError, match="no ledger"):
        case.run(query)
    assert (query.is_stopped, case.ledger().batch) == (True, -1)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"known": {**IDS, "out": "d"}}, TopicReplacedError),
        ({"bounds": bounds(FIRST + 5, FIRST + 3)}, RecordsLostError),
    ],
)
def test_nothing_is_read_if_the_topics_are_not_as_the_checkpoint_knows_them(
    case: Case, changes: Mapping[str, Any], error: type[Exception]
) -> None:
    for batch in range(2):
        case.leave(batch)
    case.account_for(0)
    case.broker = replace(case.broker, **{"bounds": bounds(FIRST + 5), **changes})
    with pytest.raises(error):
        case.run()
    assert (case.inspector.batches, case.ledger().batch) == ([], 0)


def test_damaged_commit_is_mended_before_the_query_starts(case: Case, checkpoint_folder: Path) -> None:
    case.leave(0)
    case.account_for(-1)
    (checkpoint_folder / "commits" / "0").write_text("")
    assert case.run(Query(case.commit(0), case.stop)) == ["ready batch=0", "stopped batch=0"]
    assert case.ledger().read == 1


def test_main_reports_settings_that_do_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("{}") == 2
    event, rest = capsys.readouterr().out.split(" ", 2)[1:]
    assert (event, rest.split(" ")[0], rest.split(" ")[-1]) == ("failed", "kind=configuration", "exit_code=2\n")
