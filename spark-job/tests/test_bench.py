"""What a measurement counts as the time of a query."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import DEFAULT_SETTINGS

import bench

BATCH = {"numInputRows": 10, "durationMs": {"triggerExecution": 50}, "stateOperators": [{"numRowsTotal": 2}]}


class Clock:
    """A clock that only the functions made by `passing` advance."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def passing(self, seconds: float, result: object) -> Any:
        """A function that takes this long and returns this result."""

        def call(*_args: object, **_options: object) -> object:
            self.seconds += seconds
            return result

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Opening the topic takes 100 s, planning the job's query 10 s, starting it 4 s, and its one batch 1 s."""
    clock = Clock()
    report = SimpleNamespace(json=json.dumps(BATCH))
    query = SimpleNamespace(awaitTermination=clock.passing(1, True), recentProgress=[report])
    writer = SimpleNamespace(trigger=lambda **_: SimpleNamespace(start=clock.passing(4, query)))
    unplanned = SimpleNamespace(option=lambda *_: writer)
    frame = SimpleNamespace(transform=clock.passing(10, None), writeStream=SimpleNamespace(format=lambda _: unplanned))
    monkeypatch.setattr(bench, "time", clock)
    jvm = SimpleNamespace(forget_peak=lambda: None, memory=dict, cpu_ms=lambda: clock.seconds * 2_000)
    monkeypatch.setattr(bench, "Jvm", lambda _: jvm)
    monkeypatch.setattr(bench, "read_stream", clock.passing(100, frame))
    monkeypatch.setattr(bench, "detect", lambda *_: None)
    monkeypatch.setattr(bench, "stream_writer", lambda *_: writer)
    monkeypatch.setattr(bench.Bench, "_remove", lambda *_: None)
    return clock


@pytest.mark.parametrize(("what", "wall_ms"), [("noop", 5_000), ("job", 15_000)])
@pytest.mark.usefixtures("clock")
def test_time_of_a_query_includes_its_planning_and_its_start(
    capsys: pytest.CaptureFixture[str], what: str, wall_ms: float
) -> None:
    settings = json.loads(DEFAULT_SETTINGS.read_text(encoding="utf-8"))
    spark = cast(Any, SimpleNamespace(streams=SimpleNamespace(addListener=lambda _: None)))
    bench.Bench(spark).throughput({"settings": settings, "name": "10 samples", "what": what, "samples": 10})
    batch, throughput = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (batch["event"], batch["samples"]) == ("batch", 10)
    assert (throughput["event"], throughput["wall_ms"]) == ("throughput", wall_ms)
    assert (throughput["cpu_ms"], throughput["batches"]) == (2 * wall_ms, 1)


def test_size_of_a_checkpoint_is_that_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "state" / "0").mkdir(parents=True)
    (tmp_path / "state" / "0" / "1.delta").write_bytes(bytes(70))
    (tmp_path / "commit").write_bytes(bytes(30))
    assert bench.checkpoint_size(tmp_path) == {"checkpoint_bytes": 100, "checkpoint_files": 2}
