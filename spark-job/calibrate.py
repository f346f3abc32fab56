"""Computes what is normal from the samples of a topic or a file, and what each choice would flag, in one Spark batch.

    calibrate.py PLAN

PLAN is a JSON file: {"submitArgs": [...], "settings": {...}, "request": {...}}, the arguments of spark-submit, the
job's settings, and what is asked for (`cpu_anomaly/calibration/request.py`). Replies go to standard output, one JSON
object per line; `orchestrator/src/calibrate/protocol.ts` defines them. Times are in milliseconds, CPU in percent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.calibration.check import check
from cpu_anomaly.calibration.normals import Normal, normals
from cpu_anomaly.calibration.preview import histogram, previews
from cpu_anomaly.calibration.read import judged, narrow, read_raw, read_topic, samples_of, windows_of
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.replies import emit, run_plan
from cpu_anomaly.settings import Settings, kafka_client_options


def main(plan_file: str) -> int:
    return run_plan(plan_file, lambda spark, settings, plan: calibrate(spark, settings, Request.of(plan["request"])))


def calibrate(spark: SparkSession, settings: Settings, request: Request) -> None:
    client = kafka_client_options(settings)
    raw = read_raw(spark, settings, request, client)
    kept = raw.transform(judged(settings)).transform(narrow(settings, request))
    windows = windows_of(settings, request, kept)
    found = input_of(kept, windows)
    emit("input", **found)
    if found["samples"] > 0 and request.check:
        emit("check", **check(settings, request, windows, read_topic(spark, settings.output_topic, client)))
    elif found["samples"] > 0:
        report(settings, request, kept, windows)
    emit("done")


def input_of(kept: DataFrame, windows: DataFrame) -> dict[str, Any]:
    """What was read: lines that are no samples by reason, and the samples of the windows that are asked for."""
    counts = {row["reason"]: row["count"] for row in kept.groupBy("reason").count().collect()}
    row = windows.agg(
        F.count(F.lit(1)).alias("windows"),
        F.count_distinct("series").alias("series"),
        F.unix_millis(F.min("window_start")).alias("first_ms"),
        F.unix_millis(F.max("window_start")).alias("last_ms"),
    ).first()
    samples = counts.pop(None, 0)
    return {"samples": samples, "rejected": counts, **(row.asDict() if row else {})}


def report(settings: Settings, request: Request, kept: DataFrame, windows: DataFrame) -> None:
    found = normals(settings, request, samples_of(request, kept), windows)
    for level, groups in found.items():
        for group, normal in groups.items():
            emit("normal", **normal_line(dict(zip(level, group, strict=True)), normal))
    for preview in previews(settings, request, windows, found):
        emit("preview", **preview.as_dict())
    emit("histogram", **histogram(windows))


def normal_line(group: Mapping[str, Any], normal: Normal) -> dict[str, Any]:
    return {
        "series": group.get("series"),
        "hour": group.get("hour"),
        "samples": normal.samples,
        "windows": normal.windows,
        "is_enough": normal.is_enough,
        "median": normal.median,
        "mad": normal.mad,
        "window_spread": normal.window_spread,
        "pairs": {
            method: {"mean": pair.mean, "stddev": pair.stddev, "is_floor": pair.is_floor}
            for method, pair in normal.pairs.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
