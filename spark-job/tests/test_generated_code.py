"""The Java code that Spark generates for the query: a method that is too large stays interpreted, which is slow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import SettingsOf
from format_units import frame_of
from pyspark.sql import SparkSession

from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import detect

# HotSpot does not compile a method with more bytecode: HugeMethodLimit, unless -XX:-DontCompileHugeMethods.
HUGE_METHOD_BYTES = 8_000
JSON = {"input_format": "json", "input_time": "$.t", "input_cpu": "$.c", "input_series": "$.s"}
# A row of each kind, so that all of them are looked up.
BASELINE = """# cpu-anomaly baseline 1, timezone=Europe/Berlin
series,hour_of_week,mean,stddev
a,1,10,2
a,,10,2
,1,10,2
,,10,2
"""
BOUNDS = {"cpu_min": 0.0, "cpu_max": 100.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"trigger": "real-time"},
        BOUNDS,
        {"group_by": "key", "direction": "both"},
        {"group_by": "key", **BOUNDS},
        *(
            {"input_format": name, "group_by": "key", **BOUNDS}
            for name in ("metricbeat", "fluent-bit", "collectd", "telegraf")
        ),
        *({"group_by": "key", **BOUNDS, **JSON, "input_time_unit": unit} for unit in ("iso", "s", "ns")),
        {"input_format": "otlp-json"},
        {"input_format": "otlp-json", "group_by": "key", **BOUNDS},
    ],
    ids=str,
)
@pytest.mark.parametrize("baseline", [None, BASELINE], ids=["without baseline", "with baseline"])
def test_every_generated_method_can_be_compiled(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, changes: dict[str, object], baseline: str | None
) -> None:
    file = tmp_path / "baseline.csv"
    file.write_text(baseline or "", encoding="utf-8")
    settings = settings_of(**changes, baseline_file=baseline and str(file))
    plan = cast(Any, frame_of(spark, [b""]).transform(detect(settings, mode_of(settings))))._jdf.queryExecution()
    mode = cast(Any, spark)._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(-?\d+)", plan.explainString(mode))]
    assert len(sizes) > 1
    # -1: the compiler gave up, and all of it is interpreted.
    assert min(sizes) > 0
    assert max(sizes) <= HUGE_METHOD_BYTES
