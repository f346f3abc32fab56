"""How the driver watches the query, waits for it and ends it."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from math import inf
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf

from cpu_anomaly import driver
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.catch_up import Phase
from cpu_anomaly.driver import Watch, main, run, run_until, stop_after_batch
from cpu_anomaly.event_log import EventLog, iso_time
from cpu_anomaly.modes import RealTime
from cpu_anomaly.monitor import FATAL
from cpu_anomaly.query import MAX_ANOMALIES_PER_BATCH
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import Bounds, RecordsLostError

T0 = 1_700_000_000


class Query:
    """A stand-in for a running query. Each wait runs a step, which ends it, fails, commits or does nothing."""

    def __init__(self, *steps: Callable[[], bool]) -> None:
        self._steps = list(steps)
        self._has_ended = False
        self.waits = 0
        self.is_stopped = False
        self.status = {"isTriggerActive": True}

    def awaitTermination(self, _seconds: float) -> bool:
        self.waits += 1
        self._has_ended = self._has_ended or (self._steps.pop(0)() if self._steps else False)
        return self._has_ended

    def stop(self) -> None:
        self.is_stopped = True


def fail() -> bool:
    raise RuntimeError("no broker")


def lines_of(out: io.StringIO) -> list[str]:
    """Without their times."""
    return [text.split(" ", 1)[1] for text in out.getvalue().splitlines()]


def progress_event(batch: int, windows: dict[str, object] | None = None, unread: int = 0) -> Any:
    progress = {
        "batchId": batch,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "numInputRows": 0,
        "sources": [{"endOffset": {"in": {"0": 5}}, "latestOffset": {"in": {"0": 5 + unread}}}],
        "stateOperators": [],
        "observedMetrics": {"windows": windows or {}},
        "eventTime": {},
        "durationMs": {},
    }
    return SimpleNamespace(progress=SimpleNamespace(json=json.dumps(progress)))


class FakeAuditor:
    """Keeps the batches that are submitted to it."""

    def __init__(self, last: int = -1) -> None:
        self.batches: list[Batch] = []
        self.ledger = SimpleNamespace(batch=last)

    def submit(self, batch: Batch) -> None:
        self.batches.append(batch)


class FakeMonitor:
    """Finds what it is told to find."""

    def __init__(self) -> None:
        self.found: Exception | None = None
        self.positions: list[Mapping[str, int]] = []

    def start(self) -> None:
        pass

    def committed(self, position: Mapping[str, int]) -> None:
        self.positions.append(position)

    def has_found(self) -> bool:
        return self.found is not None

    def raise_found(self) -> None:
        if self.found:
            raise self.found

    def raise_fatal(self) -> None:
        if isinstance(self.found, FATAL):
            raise self.found

    def explaining(self) -> AbstractContextManager[None]:
        return nullcontext()


def watch_of(auditor: FakeAuditor | None = None, out: io.StringIO | None = None) -> Watch:
    watch = Watch(cast(Any, auditor or FakeAuditor()), cast(Any, FakeMonitor()), EventLog(out or io.StringIO()))
    watch.terminated.set()
    return watch


def test_waits_until_it_is_over() -> None:
    query = Query()
    run_until(lambda: query.waits == 3, cast(Any, query))
    assert query.waits == 3


def test_waits_no_longer_than_the_query_lives() -> None:
    query = Query(lambda: False, lambda: True)
    run_until(lambda: False, cast(Any, query))
    assert query.waits == 2


def test_what_ended_the_query_is_raised() -> None:
    with pytest.raises(RuntimeError, match="no broker"):
        run_until(lambda: False, cast(Any, Query(lambda: False, fail)))


def test_stop_waits_for_the_batch_that_is_running() -> None:
    watch = watch_of()

    def commit() -> bool:
        watch.committed += 1
        return False

    query = Query(lambda: False, commit)
    stop_after_batch(cast(Any, query), watch, batch_seconds=60)
    assert (query.waits, query.is_stopped) == (2, True)


def test_stop_does_not_wait_between_two_batches() -> None:
    query = Query()
    query.status["isTriggerActive"] = False
    stop_after_batch(cast(Any, query), watch_of(), batch_seconds=60)
    assert (query.waits, query.is_stopped) == (0, True)


def test_stop_cuts_a_batch_short_at_the_deadline() -> None:
    query = Query()
    stop_after_batch(cast(Any, query), watch_of(), batch_seconds=0.0, grace_seconds=0.01)
    assert query.is_stopped


def test_query_that_ends_meanwhile_needs_no_stop() -> None:
    query = Query(lambda: True)
    stop_after_batch(cast(Any, query), watch_of(), batch_seconds=60)
    assert not query.is_stopped


def test_ready_is_logged_once_with_the_first_batch() -> None:
    out, auditor = io.StringIO(), FakeAuditor()
    watch = watch_of(auditor, out)
    watch.onQueryProgress(progress_event(4))
    watch.onQueryProgress(progress_event(5))
    watch.ready(9)
    assert lines_of(out) == ["ready batch=4"]
    assert [batch.number for batch in auditor.batches] == [4, 5]
    assert watch.committed == 2


def test_ready_is_logged_once_although_two_threads_report_it() -> None:
    out, barrier = io.StringIO(), threading.Barrier(2)

    class Simultaneous(Watch):
        """Both threads read `is_ready` before either sets it, unless one waits for the other."""

        _value = False

        @property
        def is_ready(self) -> bool:
            value = self._value
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(0.2)
            return value

        @is_ready.setter
        def is_ready(self, value: bool) -> None:
            self._value = value

    watch = Simultaneous(cast(Any, FakeAuditor()), cast(Any, FakeMonitor()), EventLog(out))
    threads = [threading.Thread(target=watch.ready, args=(4,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines_of(out) == ["ready batch=4"]


def test_idle_query_is_not_ready_by_itself() -> None:
    out = io.StringIO()
    watch = watch_of(FakeAuditor(7), out)
    watch.onQueryIdle(cast(Any, None))
    assert (watch.is_idle, watch.is_ready, lines_of(out)) == (True, False, [])


@pytest.mark.parametrize(("omitted", "shown"), [(0, []), (3, ["anomalies_omitted batch=7 n=3"])])
def test_reported_anomalies_are_logged_up_to_the_bound(omitted: int, shown: list[str]) -> None:
    values = {"series": "", "status": "ERROR", "mean": 20.5, "stddev": None, "count": 1, "score": 2.2}
    starts = [iso_time(T0 + nth) for nth in range(MAX_ANOMALIES_PER_BATCH)]
    anomalies = [{**values, "window_start": start} for start in starts]
    windows = {"warn": omitted, "error": MAX_ANOMALIES_PER_BATCH, "anomalies": json.dumps(anomalies)}
    out = io.StringIO()
    watch_of(out=out).onQueryProgress(progress_event(7, windows))
    lines = [f"ERROR window={start} series= mean=20.5 stddev= count=1 score=2.2" for start in starts]
    assert lines_of(out) == ["ready batch=7", *lines, *shown]


def test_main_reports_settings_that_do_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("{}") == 2
    event, rest = capsys.readouterr().out.split(" ", 2)[1:]
    assert (event, rest.split(" ")[0], rest.split(" ")[-1]) == ("failed", "kind=configuration", "exit_code=2\n")


class Run:
    """A run of the driver in which Spark, the broker and the auditor are stand-ins that record the order of effects."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.effects: list[str] = []
        self.out = io.StringIO()
        self.is_behind = False
        self.is_stop_wanted = False
        self.state_error: Exception | None = None
        self.queries: list[Query] = []
        self.monitor = FakeMonitor()
        self.topic_ids = {"cpu-usage": "a", "anomaly": "b", "cpu-usage.dead-letter": "c"}
        self.max_lag = inf
        # With which settings each query was started.
        self.settings: list[str] = []
        self._listeners: list[Watch] = []
        spark = SimpleNamespace(
            version="4.3.0",
            sparkContext=SimpleNamespace(applicationId="app-1", uiWebUrl=None),
            streams=SimpleNamespace(addListener=self._listeners.append),
        )
        auditor = SimpleNamespace(
            ledger=SimpleNamespace(batch=3, topic_ids={}),
            last_commit=lambda: 3,
            remember_topics=lambda ids: self.effects.append(f"remember {' '.join(ids)}"),
            recover=lambda: self.effects.append("recover"),
            start=lambda: self.effects.append("start auditor"),
            submit=lambda _: None,
            is_behind=lambda: self.is_behind,
            has_failed=lambda: False,
            finish=self._finish,
        )
        monkeypatch.setattr(driver, "start_spark", lambda *_: spark)
        monkeypatch.setattr(driver, "Checkpoint", lambda *_: None)
        monkeypatch.setattr(driver, "make_sound", lambda *_, **__: self.effects.append("make sound"))
        monkeypatch.setattr(driver, "load_state", self._load_state)
        monkeypatch.setattr(driver, "auditor_of", lambda *_: auditor)
        topics = SimpleNamespace(ids=lambda: self.topic_ids, input_bounds=lambda: Bounds({"0": 0}, {"0": 9}))
        continuity = SimpleNamespace(require_unread_records=lambda: self.effects.append("compare offsets"))
        monkeypatch.setattr(driver, "KafkaTopics", SimpleNamespace(connect=lambda *_: topics))
        monkeypatch.setattr(driver, "with_enough_slots", lambda spark, *_: spark)
        monkeypatch.setattr(driver, "Continuity", lambda *_: continuity)
        monkeypatch.setattr(driver, "WallClock", SimpleNamespace(of_jvm=lambda _: None))
        monkeypatch.setattr(driver, "Monitor", lambda *_: self.monitor)
        monkeypatch.setattr(driver, "use_pool", lambda _, pool: self.effects.append(f"pool {pool}"))
        monkeypatch.setattr(driver, "CatchUp", lambda *_: SimpleNamespace(next_phase=self._next_phase))
        monkeypatch.setattr(driver, "start_query", self._start_query)

    def _load_state(self, _spark: object, _checkpoint: object, batch: int) -> None:
        self.effects.append(f"load state {batch}")
        if self.state_error:
            raise self.state_error

    def idle(self) -> bool:
        self._listeners[0].onQueryIdle(cast(Any, None))
        return False

    def _next_phase(self) -> Phase:
        settings = SimpleNamespace(name=f"settings {len(self.settings)}", watermark_ms=1_000 * len(self.settings))
        return Phase(cast(Any, settings), cast(Any, None), self.max_lag)

    def _start_query(self, _spark: object, settings: Any, *_: object) -> Query:
        self.effects.append("start query")
        self.settings.append(settings.name)
        query = self.queries.pop(0)
        query.status["isTriggerActive"] = False
        self._listeners[0].onQueryStarted(cast(Any, None))
        self._listeners[0].terminated.set()
        return query

    def _finish(self) -> None:
        self.effects.append("finish auditor")
        self.is_behind = False

    def commit(self, batch: int, unread: int = 0) -> Callable[[], bool]:
        def step() -> bool:
            self._listeners[0].onQueryProgress(progress_event(batch, unread=unread))
            return False

        return step

    def set(self, name: str) -> Callable[[], bool]:
        def step() -> bool:
            setattr(self, name, True)
            return False

        return step

    def log(self, settings: Any, *queries: Query) -> list[str]:
        """Runs until a stop; the events that are logged, with their first field."""
        self.queries = list(queries)
        run(settings, lambda: self.is_stop_wanted, EventLog(self.out))
        return [" ".join(line.split(" ")[:2]) for line in lines_of(self.out) if not line.startswith("started")]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_effects_of_a_run_are_in_order(case: Run, settings_of: SettingsOf) -> None:
    assert case.log(settings_of(), Query(case.commit(4), case.set("is_stop_wanted"))) == [
        "ready batch=4",
        "stopped batch=3",
    ]
    assert case.effects == [
        "make sound",
        "compare offsets",
        "remember cpu-usage anomaly",  # the dead-letter topic may be replaced
        "recover",
        "pool query",
        "start auditor",
        "start query",
        "finish auditor",
    ]
    assert lines_of(case.out)[0].startswith("started pid=")
    assert lines_of(case.out)[0].endswith(" spark_version=4.3.0 app_id=app-1 ui= resumed_from_batch=3")


def test_query_is_started_again_once_the_auditor_has_caught_up(case: Run, settings_of: SettingsOf) -> None:
    first, second = Query(case.commit(4), case.set("is_behind")), Query(case.commit(5), case.set("is_stop_wanted"))
    assert case.log(settings_of(), first, second) == ["ready batch=4", "stopped batch=3"]
    assert case.effects[5:] == ["start auditor", "start query", "finish auditor"] * 2
    assert (first.is_stopped, second.is_stopped) == (True, True)


def test_query_that_has_read_a_backlog_or_leaves_one_is_started_again_as_fits(
    case: Run, settings_of: SettingsOf
) -> None:
    case.max_lag = 100
    first = Query(case.commit(4), lambda: True)
    second = Query(case.commit(5, unread=100), case.commit(6, unread=101))
    third = Query(case.commit(7), case.set("is_stop_wanted"))
    assert case.log(settings_of(), first, second, third) == ["ready batch=4", "stopped batch=3"]
    assert case.settings == ["settings 0", "settings 1", "settings 2"]


@pytest.mark.parametrize(
    ("trigger", "events"),
    [("micro-batch", ["stopped batch=3"]), ("real-time", ["ready batch=3", "stopped batch=3"])],
)
def test_only_a_real_time_query_is_ready_before_it_commits(
    case: Run, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch, trigger: str, events: list[str]
) -> None:
    answers = iter([False, True])
    monkeypatch.setattr(RealTime, "is_processing", lambda *_: next(answers))
    assert case.log(settings_of(trigger=trigger), Query(lambda: False, case.set("is_stop_wanted"))) == events


def test_query_that_has_nothing_to_read_is_ready_once_its_state_was_loaded(case: Run, settings_of: SettingsOf) -> None:
    assert case.log(settings_of(), Query(case.idle, case.set("is_stop_wanted"))) == ["ready batch=3", "stopped batch=3"]
    assert "load state 3" in case.effects


def test_query_whose_state_is_damaged_is_never_ready(case: Run, settings_of: SettingsOf) -> None:
    case.state_error = RuntimeError("Stream is corrupted")
    with pytest.raises(RuntimeError, match="corrupted"):
        case.log(settings_of(), Query(case.idle))
    assert not any(line.startswith("ready") for line in lines_of(case.out))


@pytest.mark.parametrize("trigger", ["micro-batch", "real-time"])
def test_query_that_is_stopped_before_it_processes_records_is_never_ready(
    case: Run, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch, trigger: str
) -> None:
    monkeypatch.setattr(RealTime, "is_processing", lambda *_: False)
    assert case.log(settings_of(trigger=trigger), Query(case.set("is_stop_wanted"))) == ["stopped batch=3"]


@pytest.mark.parametrize("trigger", ["micro-batch", "real-time"])
def test_query_that_ends_before_it_processes_records_is_never_ready(
    case: Run, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch, trigger: str
) -> None:
    monkeypatch.setattr(RealTime, "is_processing", lambda *_: False)
    first, second = Query(lambda: True), Query(case.set("is_stop_wanted"))
    assert case.log(settings_of(trigger=trigger), first, second) == ["stopped batch=3"]


def test_query_is_stopped_between_two_batches_if_a_new_driver_is_needed(case: Run, settings_of: SettingsOf) -> None:
    def find() -> bool:
        case.monitor.found = RestartNeededError("the clock")
        return False

    query = Query(case.commit(4), find)
    with pytest.raises(RestartNeededError, match="the clock"):
        case.log(settings_of(), query)
    assert query.is_stopped
    assert case.effects[-1] == "finish auditor"


def test_no_further_record_is_read_or_accounted_for_once_records_are_lost(case: Run, settings_of: SettingsOf) -> None:
    def find() -> bool:
        case.monitor.found = RecordsLostError("five")
        return False

    with pytest.raises(RecordsLostError, match="five"):
        case.log(settings_of(), Query(case.commit(4), find))
    assert case.effects[-1] == "start query"


def test_topic_that_does_not_exist_is_a_configuration_error(case: Run, settings_of: SettingsOf) -> None:
    del case.topic_ids["anomaly"]
    with pytest.raises(ConfigurationError, match="topic anomaly does not exist: `up` creates it"):
        case.log(settings_of())


def test_progress_names_the_delay_of_the_watermark() -> None:
    auditor = FakeAuditor()
    watch = watch_of(auditor)
    watch.delay_ms = 70_000
    watch.onQueryProgress(progress_event(4))
    assert auditor.batches[0].summary["delay_ms"] == 70_000


def test_monitor_learns_where_each_batch_ended() -> None:
    watch = watch_of()
    event = progress_event(4)
    progress = json.loads(event.progress.json)
    event.progress.json = json.dumps({**progress, "sources": [{"endOffset": {"in": {"0": 5, "1": 7}}}]})
    watch.onQueryProgress(event)
    assert cast(Any, watch)._monitor.positions == [{"0": 5, "1": 7}]
