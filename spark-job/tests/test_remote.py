"""Asking a driver in a cluster to stop, and what it tells, with a real checkpoint."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.remote import LIFE_FILE, POLL_SECONDS, STOP_FILE, RemoteDriver, watched_elsewhere


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def remote(spark: SparkSession, tmp_path: Path, clock: Clock) -> RemoteDriver:
    return RemoteDriver(Checkpoint.of(spark, str(tmp_path)), "application_1_2", 3, clock)


def ask(folder: Path, text: str) -> None:
    (folder / STOP_FILE).write_text(text, encoding="utf-8")


def test_a_stop_is_wanted_once_a_file_names_this_application(
    remote: RemoteDriver, tmp_path: Path, clock: Clock
) -> None:
    assert not remote.is_stop_wanted()
    ask(tmp_path, json.dumps({"application": "application_1_2"}))
    assert not remote.is_stop_wanted(), "it has just looked"
    clock.now = POLL_SECONDS
    assert remote.is_stop_wanted()
    (tmp_path / STOP_FILE).unlink()
    assert remote.is_stop_wanted(), "it is not taken back"


@pytest.mark.parametrize("text", ['{"application": "application_1_1"}', "{}", "", "[", "7"])
def test_a_file_that_names_no_or_another_application_stops_nothing(
    remote: RemoteDriver, tmp_path: Path, text: str
) -> None:
    ask(tmp_path, text)
    assert not remote.is_stop_wanted()


def test_the_lines_of_its_life_are_kept_in_the_checkpoint(remote: RemoteDriver, tmp_path: Path) -> None:
    out = io.StringIO()
    log = EventLog(out)
    log.on_line = remote.keep
    for event in ("started", "progress", "ready"):
        log.write(event, batch=1)
    written = out.getvalue().splitlines()
    assert json.loads((tmp_path / LIFE_FILE).read_text(encoding="utf-8")) == {
        "application": "application_1_2",
        "attempt": 3,
        "lines": [written[0], written[2]],
    }


def test_a_driver_whose_checkpoint_was_taken_leaves_the_file_of_the_other(remote: RemoteDriver, tmp_path: Path) -> None:
    remote.keep("started", "a line")
    others = json.dumps({"application": "application_1_9", "attempt": 1, "lines": []})
    (tmp_path / LIFE_FILE).write_text(others, encoding="utf-8")
    remote.keep("failed", "another line")
    assert (tmp_path / LIFE_FILE).read_text(encoding="utf-8") == others


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_driver(
    remote: RemoteDriver, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / LIFE_FILE).mkdir()
    remote.keep("ready", "a line")
    assert LIFE_FILE in capfd.readouterr().err


def test_a_driver_beside_its_supervisor_is_asked_by_that(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(io.StringIO())
    monkeypatch.delenv("CPU_ANOMALY_SUPERVISOR", raising=False)
    assert watched_elsewhere(spark, str(tmp_path), lambda: True, log)()
    monkeypatch.setenv("CPU_ANOMALY_SUPERVISOR", "checkpoint")
    assert not watched_elsewhere(spark, str(tmp_path), lambda: True, log)()
    log.write("started")
    life = json.loads((tmp_path / LIFE_FILE).read_text(encoding="utf-8"))
    assert life["application"] == spark.sparkContext.applicationId
    assert life["attempt"] == 1
