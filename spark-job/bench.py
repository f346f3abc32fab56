"""Measures the job in one driver: loads topics, runs the job's own query or a bare read, and reports the cost.

    bench.py PLAN

PLAN is a JSON file: {"submitArgs": [...], "settings": {...}}, the arguments of spark-submit and the job's settings.
Orders arrive on standard input and replies go to standard output, one JSON object per line. Both are defined in
`orchestrator/src/bench/driver/protocol.ts`. Times are in milliseconds, sizes in bytes, rates in samples per second.
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from cpu_anomaly.modes import Mode, mode_of
from cpu_anomaly.query import detect, start_query
from cpu_anomaly.replies import emit, run_plan, settings_of
from cpu_anomaly.settings import ConfigurationError, Settings, kafka_client_options
from cpu_anomaly.sink import stream_writer
from cpu_anomaly.source import prefixed, read_stream
from measure.generated import generated_records, record_count
from measure.jvm import Jvm
from measure.reports import Progress, Reports, durations_of, median_durations, state_ms, state_rows, steady_rate

Order = Mapping[str, Any]

START_SECONDS = 120.0
POLL_SECONDS = 0.05
# The producer is tuned for throughput: what it writes can be loaded again.
LOADING = {"linger.ms": "50", "batch.size": str(256 * 1024), "acks": "1"}
# Every query has its own consumers, and Spark keeps idle ones, buffers included, for five minutes. A job has one query;
# here a dozen run in turn, and the consumers of the earlier ones would fill the heap.
FORGET_CONSUMERS = [
    argument
    for name in ("timeout", "evictorThreadRunInterval")
    for argument in ("--conf", f"spark.kafka.consumer.cache.{name}=5s")
]


def main(plan_file: str) -> int:
    return run_plan(plan_file, lambda spark, _settings, _plan: dispatch(Bench(spark)), FORGET_CONSUMERS)


def dispatch(bench: Bench) -> None:
    """Executes orders until one is `exit`, or standard input ends."""
    orders: dict[str, Callable[[Order], None]] = {
        "load": bench.load,
        "throughput": bench.throughput,
        "start": bench.start,
        "usage": bench.usage,
    }
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "exit":
            return
        orders[order["do"]](order)


class Bench:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._jvm = Jvm(spark)
        self._reports = Reports()
        self._numbers = itertools.count()
        self._running: StreamingQuery | None = None
        # By topic, for those that `load` filled.
        self._samples_per_record: dict[str, float] = {}
        spark.streams.addListener(self._reports)

    def load(self, order: Order) -> None:
        began = time.monotonic()
        client = kafka_client_options(settings_of(order))
        writer = generated_records(self._spark, order).write.format("kafka")
        writer.options(**prefixed({**LOADING, **client})).option("topic", order["topic"]).save()
        records = record_count(order)
        self._samples_per_record[order["topic"]] = order["samples"] / records
        emit("loaded", topic=order["topic"], samples=order["samples"], records=records, ms=milliseconds_since(began))

    def throughput(self, order: Order) -> None:
        """Reads a topic to its end, in batches of the settings' size, one right after the other."""
        settings = self._with_new_checkpoint(settings_of(order))
        samples_per_record = self._samples_per_record.get(settings.input_topic, 1.0)
        client = kafka_client_options(settings)
        mode = mode_of(settings)
        frame = read_stream(self._spark, settings, mode, client)
        self._jvm.forget_peak()
        began, cpu_before = time.monotonic(), self._jvm.cpu_ms()
        writer = writer_of(order["what"], frame, settings, mode, client)  # planning is part of the time
        batches = run_to_end(
            writer.trigger(availableNow=True).start(), lambda batch: emit_samples(batch, samples_per_record)
        )
        wall_ms = milliseconds_since(began)
        usage = {"cpu_ms": self._jvm.cpu_ms() - cpu_before, **checkpoint_size(Path(settings.checkpoint))}
        self._emit_throughput(order, [batch for batch in batches if batch["numInputRows"] > 0], wall_ms, usage)
        self._remove(settings.checkpoint)

    def _emit_throughput(
        self, order: Order, batches: Sequence[Progress], wall_ms: float, usage: Mapping[str, float]
    ) -> None:
        records = sum(batch["numInputRows"] for batch in batches)
        emit(
            "throughput",
            name=order["name"],
            what=order["what"],
            samples=order["samples"],
            records=records,
            wall_ms=wall_ms,
            batches=len(batches),
            **usage,
            rate=steady_rate(batches, order["samples"] / records),
            durations=median_durations(batches[1:-1] or batches),
            state_rows=max(state_rows(batch) for batch in batches),
            **self._jvm.memory(),
        )

    def start(self, order: Order) -> None:
        """Starts the job's query as `submit` does; returns when it waits for data."""
        if self._running:
            raise ConfigurationError("a query is already running")
        settings = self._with_new_checkpoint(settings_of(order))
        mode = mode_of(settings)
        self._reports.on_batch = emit_batch
        self._running = start_query(self._spark, settings, mode, kafka_client_options(settings))
        self._await_start(self._running, mode)
        emit("started")

    def _await_start(self, query: StreamingQuery, mode: Mode) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (mode.is_processing(self._spark.sparkContext) or "Waiting for data" in query.status["message"]):
            if query.awaitTermination(POLL_SECONDS):  # type: ignore[arg-type]  # it accepts fractions of a second
                raise RuntimeError("the query ended right after it started")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the query is not running after {START_SECONDS:.0f} s: {query.status}")

    def usage(self, _order: Order) -> None:
        wall_ms = time.monotonic() * 1000
        emit("usage", cpu_ms=self._jvm.cpu_ms(), wall_ms=wall_ms, **self._jvm.memory())

    def _with_new_checkpoint(self, settings: Settings) -> Settings:
        return replace(settings, checkpoint=f"{settings.checkpoint}-{next(self._numbers)}")

    def _remove(self, checkpoint: str) -> None:
        """Drops the state too, which Spark keeps in memory for a minute: a dozen of them would fill the heap."""
        jvm = cast(Any, self._spark.sparkContext)._jvm
        getattr(getattr(jvm.org.apache.spark.sql.execution.streaming.state, "StateStore$"), "MODULE$").stop()
        shutil.rmtree(checkpoint, ignore_errors=True)


def writer_of(
    what: str, frame: DataFrame, settings: Settings, mode: Mode, client: Mapping[str, str]
) -> DataStreamWriter:
    """`noop`: Spark reads the topic and does nothing with it. `job`: all that the job does."""
    if what == "noop":
        return frame.writeStream.format("noop").option("checkpointLocation", settings.checkpoint)
    return stream_writer(frame.transform(detect(settings, mode)), settings, client)


def run_to_end(query: StreamingQuery, on_batch: Callable[[Progress], None]) -> list[Progress]:
    """Hands over the report of each batch, and returns all of them. Raises what ended the query early."""
    batches: list[Progress] = []
    is_over = False
    while not is_over:
        is_over = bool(query.awaitTermination(1))
        for report in query.recentProgress[len(batches) :]:
            batches.append(json.loads(report.json))
            on_batch(batches[-1])
    return batches


def emit_samples(progress: Progress, samples_per_record: float) -> None:
    records = progress["numInputRows"]
    if records:
        ms = progress["durationMs"]["triggerExecution"]
        emit("batch", samples=round(records * samples_per_record), ms=ms, durations=durations_of(progress))


def emit_batch(progress: Progress) -> None:
    emit(
        "batch",
        batch=progress["batchId"],
        timestamp=progress["timestamp"],
        rows=progress["numInputRows"],
        durations=durations_of(progress),
        state_ms=state_ms(progress),
    )


def checkpoint_size(checkpoint: Path) -> dict[str, int]:
    sizes = [file.stat().st_size for file in checkpoint.rglob("*") if file.is_file()]
    return {"checkpoint_bytes": sum(sizes), "checkpoint_files": len(sizes)}


def milliseconds_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
