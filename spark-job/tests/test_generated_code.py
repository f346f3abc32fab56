"""The Java code that Spark generates for the query: a method that is too large stays interpreted, which is slow."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import detect

# HotSpot does not compile a method with more bytecode: HugeMethodLimit, unless -XX:-DontCompileHugeMethods.
HUGE_METHOD_BYTES = 8_000
BOUNDS = {"cpu_min": 0.0, "cpu_max": 100.0}

TOO_LARGE = pytest.mark.xfail(reason="the method that makes a request's units has 21,500 bytes", strict=True)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"trigger": "real-time"},
        BOUNDS,
        {"group_by": "key", "direction": "both"},
        {"group_by": "key", **BOUNDS},
        pytest.param({"input_format": "otlp-json"}, marks=TOO_LARGE),
        pytest.param({"input_format": "otlp-json", "group_by": "key", **BOUNDS}, marks=TOO_LARGE),
    ],
    ids=str,
)
def test_every_generated_method_can_be_compiled(
    spark: SparkSession, settings_of: SettingsOf, changes: dict[str, object]
) -> None:
    raw = spark.createDataFrame([(b"", b"")], "key binary, value binary")
    settings = settings_of(**changes)
    plan = cast(Any, raw.transform(detect(settings, mode_of(settings))))._jdf.queryExecution()
    mode = cast(Any, spark)._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(\d+)", plan.explainString(mode))]
    assert len(sizes) > 1
    assert max(sizes) <= HUGE_METHOD_BYTES
