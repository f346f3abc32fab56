"""Measures the job in one driver: loads topics, runs the job's own query or a bare read, tells what it cost.

    bench.py PLAN

PLAN is a JSON file: {"submitArgs": [...], "settings": {...}}, the arguments of spark-submit and the job's settings.
Orders come on standard input and answers go to standard output, one JSON object a line; both are described in
`orchestrator/src/bench/driver/protocol.ts`. Times are in milliseconds, sizes in bytes, rates in samples a second.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.driver import holds_its_slots
from cpu_anomaly.failures import diagnose
from cpu_anomaly.query import detect, start_query
from cpu_anomaly.session import start_spark
from cpu_anomaly.settings import ConfigurationError, Settings, kafka_client_options
from cpu_anomaly.sink import stream_writer
from cpu_anomaly.source import prefixed, read_stream

Order = Mapping[str, Any]
Progress = Mapping[str, Any]

START_SECONDS = 120.0
POLL_SECONDS = 0.05
# What loading is tuned for: throughput, of data that can be loaded again.
LOADING = {"linger.ms": "50", "batch.size": str(256 * 1024), "acks": "1"}
# Each query reads with consumers of its own, and Spark keeps idle ones for five minutes, buffers and all. A job has one
# query; a dozen of them one after the other would fill the heap with what the earlier ones left.
FORGET_CONSUMERS = [
    argument
    for name in ("timeout", "evictorThreadRunInterval")
    for argument in ("--conf", f"spark.kafka.consumer.cache.{name}=5s")
]
PARTS_OF_A_STEP = ("triggerExecution", "latestOffset", "queryPlanning", "walCommit", "addBatch", "commitOffsets")

_output_lock = threading.Lock()


def say(event: str, **values: object) -> None:
    with _output_lock:
        sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
        sys.stdout.flush()


def settings_of(order: Order) -> Settings:
    return Settings.from_json(json.dumps(order["settings"]))


# ----------------------------------------------------------------------------------------------- loading


def records_of(order: Order) -> int:
    return -(-int(order["samples"]) // int(order["per_record"]))


def made_up_samples(spark: SparkSession, order: Order) -> DataFrame:
    """Keys and values of records: the series in turn, a sample of each every `interval_ms`, from 10 to 20 percent."""
    samples, per_record, series = order["samples"], order["per_record"], order["series"]

    def line(number: Column) -> Column:
        at_ms = F.floor(number / series) * order["interval_ms"] + order["start_ms"]
        cpu = (F.pmod(F.hash(number), F.lit(1000)) + 1000) / 100
        return F.concat(at_ms.cast("string"), F.lit(","), cpu.cast("string"))

    first = F.col("id") * per_record
    numbers = F.sequence(first, F.least(first + (per_record - 1), F.lit(samples - 1)))
    value = line(F.col("id")) if per_record == 1 else F.array_join(F.transform(numbers, line), "\n")
    key = F.concat(F.lit("host-"), (F.col("id") % series).cast("string")) if series > 1 else F.lit(None)
    return spark.range(0, records_of(order), 1, 1).select(key.cast("string").alias("key"), value.alias("value"))


def milliseconds_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


# -------------------------------------------------------------------------------------- the driver's JVM


class Jvm:
    """What the driver's JVM has used: the Python beside it does nothing while a query runs."""

    def __init__(self, spark: SparkSession) -> None:
        self._handle = cast(Any, spark.sparkContext)._jvm.java.lang.ProcessHandle.current()
        self._pid = self._handle.pid()

    def cpu_ms(self) -> float:
        return float(self._handle.info().totalCpuDuration().get().toMillis())

    def memory(self) -> dict[str, int]:
        """Resident memory now and at its peak; where there is no /proc the peak is what it is now."""
        try:
            lines = Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            resident = 1024 * int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(self._pid)], text=True))
            return {"rss_bytes": resident, "peak_rss_bytes": resident}
        sizes = {
            line.split(":")[0]: 1024 * int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))
        }
        return {"rss_bytes": sizes["VmRSS"], "peak_rss_bytes": sizes["VmHWM"]}

    def forget_peak(self) -> None:
        with contextlib.suppress(OSError):  # no /proc, or not allowed: the peak is that of the whole run
            Path(f"/proc/{self._pid}/clear_refs").write_text("5", encoding="ascii")


# ----------------------------------------------------------------------------------------------- queries


class Reports(StreamingQueryListener):
    """Hands on Spark's report of each batch."""

    def __init__(self) -> None:
        self.on_batch: Callable[[Progress], None] = lambda _: None

    def onQueryStarted(self, _event: QueryStartedEvent) -> None:
        pass

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        self.on_batch(json.loads(event.progress.json))

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        pass

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        pass


def durations_of(progress: Progress) -> dict[str, float]:
    return {name: progress["durationMs"].get(name, 0) for name in PARTS_OF_A_STEP}


def state_ms(progress: Progress) -> float:
    """Time in the state store, summed over tasks: Spark does not say which of them was the slowest."""
    names = ("allUpdatesTimeMs", "allRemovalsTimeMs", "commitTimeMs")
    return float(sum(state.get(name, 0) for state in progress["stateOperators"] for name in names))


def state_rows(progress: Progress) -> int:
    return sum(state["numRowsTotal"] for state in progress["stateOperators"])


def median_durations(batches: Sequence[Progress]) -> dict[str, float]:
    found = [durations_of(progress) for progress in batches]
    return {name: statistics.median(each[name] for each in found) for name in PARTS_OF_A_STEP} if found else {}


class Bench:
    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._jvm = Jvm(spark)
        self._reports = Reports()
        self._numbers = itertools.count()
        self._running: StreamingQuery | None = None
        self._checkpoint = ""
        self._samples_a_record: dict[str, float] = {}
        spark.streams.addListener(self._reports)

    def load(self, order: Order) -> None:
        began = time.monotonic()
        client = kafka_client_options(settings_of(order))
        samples = made_up_samples(self._spark, order)
        writer = samples.write.format("kafka").options(**prefixed({**LOADING, **client}))
        writer.option("topic", order["topic"]).save()
        records = records_of(order)
        self._samples_a_record[order["topic"]] = order["samples"] / records
        say("loaded", topic=order["topic"], samples=order["samples"], records=records, ms=milliseconds_since(began))

    def throughput(self, order: Order) -> None:
        """Reads a topic to its end, in batches of the settings' size, one right after the other."""
        settings = self._with_new_checkpoint(settings_of(order))
        client = kafka_client_options(settings)
        frame = read_stream(self._spark, settings, client)
        batches: list[Progress] = []
        self._jvm.forget_peak()
        began = time.monotonic()
        if order["what"] == "noop":
            writer = frame.writeStream.format("noop").option("checkpointLocation", settings.checkpoint)
        else:
            writer = stream_writer(frame.transform(detect(settings)), settings, client)
        query = writer.trigger(availableNow=True).start()
        is_over = False
        while not is_over:
            is_over = bool(query.awaitTermination(1))  # raises what ended it
            for report in query.recentProgress[len(batches) :]:
                batches.append(json.loads(report.json))
                say_samples(batches[-1], self._samples_a_record.get(settings.input_topic, 1.0))
        wall_ms = milliseconds_since(began)
        self._summarize(order, [batch for batch in batches if batch["numInputRows"] > 0], wall_ms)
        self._remove_checkpoint()

    def _summarize(self, order: Order, batches: Sequence[Progress], wall_ms: float) -> None:
        records = sum(batch["numInputRows"] for batch in batches)
        a_record = order["samples"] / records
        steady = batches[1:-1]
        steady_ms = sum(batch["durationMs"]["triggerExecution"] for batch in steady)
        rate = sum(batch["numInputRows"] for batch in steady) * a_record * 1000 / steady_ms if steady else None
        say(
            "throughput",
            name=order["name"],
            what=order["what"],
            samples=order["samples"],
            records=records,
            wall_ms=wall_ms,
            rate=rate,
            durations=median_durations(steady or batches),
            state_rows=max(state_rows(batch) for batch in batches),
            **self._jvm.memory(),
        )

    def start(self, order: Order) -> None:
        """Starts the job's query as `submit` does; returns when it waits for data."""
        if self._running:
            raise ConfigurationError("a query runs already")
        settings = self._with_new_checkpoint(settings_of(order))
        client = kafka_client_options(settings)
        self._reports.on_batch = say_batch
        self._running = start_query(self._spark, settings, client)
        context = self._spark.sparkContext
        deadline = time.monotonic() + START_SECONDS
        while not (holds_its_slots(context) if settings.is_real_time else self._waits_for_data()):
            if self._running.awaitTermination(POLL_SECONDS):  # type: ignore[arg-type]  # takes fractions
                raise RuntimeError("the query ended at once")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the query does not run after {START_SECONDS:.0f} s: {self._running.status}")
        say("started")

    def _waits_for_data(self) -> bool:
        assert self._running is not None  # noqa: S101 (for the type checker: only called while one runs)
        return "Waiting for data" in self._running.status["message"]

    def stop(self, _order: Order) -> None:
        if self._running:
            self._running.stop()
            self._running = None
            self._remove_checkpoint()
        self._reports.on_batch = lambda _: None
        say("stopped")

    def usage(self, _order: Order) -> None:
        wall_ms = time.monotonic() * 1000
        say("usage", cpu_ms=self._jvm.cpu_ms(), wall_ms=wall_ms, **self._jvm.memory())

    def _with_new_checkpoint(self, settings: Settings) -> Settings:
        self._checkpoint = f"{settings.checkpoint}-{next(self._numbers)}"
        return Settings(**{**vars(settings), "checkpoint": self._checkpoint})

    def _remove_checkpoint(self) -> None:
        """Spark keeps the state of a query that ended for a minute, in memory: a dozen of them would fill the heap."""
        jvm = cast(Any, self._spark.sparkContext)._jvm
        getattr(getattr(jvm.org.apache.spark.sql.execution.streaming.state, "StateStore$"), "MODULE$").stop()
        shutil.rmtree(self._checkpoint, ignore_errors=True)


def say_samples(progress: Progress, a_record: float) -> None:
    records = progress["numInputRows"]
    if records:
        ms = progress["durationMs"]["triggerExecution"]
        say("batch", samples=round(records * a_record), ms=ms, durations=durations_of(progress))


def say_batch(progress: Progress) -> None:
    say(
        "batch",
        batch=progress["batchId"],
        timestamp=progress["timestamp"],
        rows=progress["numInputRows"],
        durations=durations_of(progress),
        state_ms=state_ms(progress),
    )


def obey(bench: Bench) -> None:
    orders: dict[str, Callable[[Order], None]] = {
        "load": bench.load,
        "throughput": bench.throughput,
        "start": bench.start,
        "stop": bench.stop,
        "usage": bench.usage,
    }
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "exit":
            return
        orders[order["do"]](order)


def main(plan_file: str) -> int:
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*plan["submitArgs"], *FORGET_CONSUMERS, "pyspark-shell"])
    try:
        spark = start_spark(Settings.from_json(json.dumps(plan["settings"])))
        obey(Bench(spark))
        spark.stop()
    except Exception as error:  # noqa: BLE001 (whatever it is, the caller is told in one line)
        traceback.print_exc()
        say("error", message=diagnose(error).message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
