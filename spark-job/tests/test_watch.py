"""What becomes of Spark's reports."""

from __future__ import annotations

import contextlib
import io
import json
import threading

import pytest
from conftest import lines_of
from spark_reports import NOTHING, progress_event

from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog, iso_time
from cpu_anomaly.query import MAX_ANOMALIES_PER_BATCH
from cpu_anomaly.watch import Watch

T0 = 1_700_000_000


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def batches() -> list[Batch]:
    return []


@pytest.fixture
def watch(out: io.StringIO, batches: list[Batch]) -> Watch:
    return Watch(EventLog(out), batches.append, lambda: None)


def test_ready_is_logged_once_with_the_first_batch(watch: Watch, out: io.StringIO) -> None:
    watch.onQueryProgress(progress_event(4))
    watch.onQueryProgress(progress_event(5))
    watch.ready(9)
    assert lines_of(out) == ["ready batch=4"]


def test_each_committed_batch_is_handed_over_with_its_end(watch: Watch, batches: list[Batch]) -> None:
    watch.onQueryProgress(progress_event(4, end={"0": 5, "1": 7}))
    watch.onQueryProgress(progress_event(5, end={"0": 6, "1": 7}, unread=3))
    assert [(batch.number, batch.end) for batch in batches] == [(4, {"0": 5, "1": 7}), (5, {"0": 6, "1": 7})]
    assert (watch.committed, watch.lag) == (2, 6)


def test_new_query_has_left_nothing_unread_yet(watch: Watch) -> None:
    watch.onQueryProgress(progress_event(4, unread=3))
    watch.onQueryStarted(NOTHING)
    assert watch.lag == 0


def test_ready_is_logged_and_reported_once_although_two_threads_find_it(out: io.StringIO) -> None:
    barrier = threading.Barrier(2)
    reports: list[str] = []

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

    watch = Simultaneous(EventLog(out), lambda _: None, lambda: reports.append("ready"))
    threads = [threading.Thread(target=watch.ready, args=(4,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (lines_of(out), reports) == (["ready batch=4"], ["ready"])


def test_idle_query_is_not_ready_by_itself(watch: Watch, out: io.StringIO) -> None:
    watch.onQueryIdle(NOTHING)
    assert (watch.is_idle, watch.is_ready, lines_of(out)) == (True, False, [])


@pytest.mark.parametrize(("omitted", "shown"), [(0, []), (3, ["anomalies_omitted batch=7 n=3"])])
def test_reported_anomalies_are_logged_up_to_the_bound(
    watch: Watch, out: io.StringIO, omitted: int, shown: list[str]
) -> None:
    values = {"series": "", "status": "ERROR", "mean": 20.5, "stddev": None, "count": 1, "score": 2.2}
    starts = [iso_time(T0 + nth) for nth in range(MAX_ANOMALIES_PER_BATCH)]
    anomalies = [{**values, "window_start": start} for start in starts]
    windows = {"warn": omitted, "error": MAX_ANOMALIES_PER_BATCH, "anomalies": json.dumps(anomalies)}
    watch.onQueryProgress(progress_event(7, windows=windows))
    lines = [f"ERROR window={start} series= mean=20.5 stddev= count=1 score=2.2" for start in starts]
    assert lines_of(out) == ["ready batch=7", *lines, *shown]
