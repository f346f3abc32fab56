"""How the driver watches the query, waits for it and ends it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cpu_anomaly import driver
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.driver import Watch, main, run_until, stop_after_batch
from cpu_anomaly.event_log import EventLog, iso_time
from cpu_anomaly.query import MAX_ANOMALIES_PER_BATCH

T0 = 1_700_000_000


class Query:
    """Stands for a running query. Each wait for its end runs a step, which ends it, fails, commits or does nothing."""

    def __init__(self, *steps: Callable[[], bool]) -> None:
        self._steps = list(steps)
        self.waits = 0
        self.is_stopped = False
        self.status = {"isTriggerActive": True}

    def awaitTermination(self, _seconds: float) -> bool:
        self.waits += 1
        return self._steps.pop(0)() if self._steps else False

    def stop(self) -> None:
        self.is_stopped = True


def fail() -> bool:
    raise RuntimeError("no broker")


def lines_of(out: io.StringIO) -> list[str]:
    """Without their times."""
    return [text.split(" ", 1)[1] for text in out.getvalue().splitlines()]


def progress_event(batch: int, windows: dict[str, object] | None = None) -> Any:
    progress = {
        "batchId": batch,
        "numInputRows": 0,
        "sources": [{}],
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


def watch_of(auditor: FakeAuditor | None = None, out: io.StringIO | None = None) -> Watch:
    watch = Watch(cast(Any, auditor or FakeAuditor()), EventLog(out or io.StringIO()))
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


def test_stop_cuts_a_batch_short_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "STOP_SECONDS", 0.01)
    query = Query()
    stop_after_batch(cast(Any, query), watch_of(), batch_seconds=0.0)
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


@pytest.mark.parametrize(("last", "shown"), [(-1, "ready batch="), (7, "ready batch=7")])
def test_idle_query_is_ready_at_the_last_batch_in_the_ledger(last: int, shown: str) -> None:
    out = io.StringIO()
    watch_of(FakeAuditor(last), out).onQueryIdle(cast(Any, None))
    assert lines_of(out) == [shown]


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
