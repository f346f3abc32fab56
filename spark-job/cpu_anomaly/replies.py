"""Programs that a command starts with a plan, and that reply with one JSON object per line on standard output.

A plan is a JSON file: {"submitArgs": [...], "settings": {...}, ...}, with the arguments of spark-submit and the
job's settings.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from cpu_anomaly.failures import diagnose
from cpu_anomaly.modes import mode_of
from cpu_anomaly.session import start_spark
from cpu_anomaly.settings import Settings

Plan = Mapping[str, Any]

_output_lock = threading.Lock()


def run_plan(
    plan_file: str, work: Callable[[SparkSession, Settings, Plan], None], more_arguments: Sequence[str] = ()
) -> int:
    """Starts Spark as planned and works with it. Returns the exit code; every failure becomes a reply `error`."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*plan["submitArgs"], *more_arguments, "pyspark-shell"])
    try:
        settings = settings_of(plan)
        spark = start_spark(settings, mode_of(settings))
        work(spark, settings, plan)
        spark.stop()
    except Exception as error:  # noqa: BLE001 (every failure becomes one line for the caller)
        traceback.print_exc()
        emit("error", message=diagnose(error).message)
        return 1
    return 0


def settings_of(given: Plan) -> Settings:
    """Of a plan, or of an order that has settings too. Raises ConfigurationError."""
    return Settings.from_json(json.dumps(given["settings"]))


def emit(event: str, **values: object) -> None:
    """Writes a reply; any thread may."""
    with _output_lock:
        sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
        sys.stdout.flush()
