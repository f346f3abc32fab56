"""The Java that Spark generates for the job: a method that grows too large is not compiled and takes thrice as long."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly.query import detect

# HotSpot leaves a method of more bytecode to the interpreter: its HugeMethodLimit, with -XX:+DontCompileHugeMethods.
HUGE_METHOD_BYTES = 8_000
BOUNDS = {"cpu_min": 0.0, "cpu_max": 100.0}


@pytest.mark.parametrize(
    "changes",
    [{}, {"trigger": "real-time"}, BOUNDS, {"group_by": "key", "direction": "both"}, {"group_by": "key", **BOUNDS}],
    ids=str,
)
def test_every_generated_method_can_be_compiled(
    spark: SparkSession, settings_of: SettingsOf, changes: dict[str, object]
) -> None:
    raw = spark.createDataFrame([(b"", b"")], "key binary, value binary")
    plan = cast(Any, raw.transform(detect(settings_of(**changes))))._jdf.queryExecution()
    mode = cast(Any, spark)._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(\d+)", plan.explainString(mode))]
    assert len(sizes) > 1
    assert max(sizes) <= HUGE_METHOD_BYTES
