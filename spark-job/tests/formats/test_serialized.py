"""Records that the serializers of the agents made: `fixtures/*/main.go` tells how."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import SettingsOf
from format_units import Unit, frame_of, refused, sample, series_of_samples, units_of
from pyspark.sql import SparkSession

FIXTURES = Path(__file__).parent.parent / "fixtures"
T = 1_568_760_922_123
ACTIVE = 17.616580305880305
IDLE = 100 - 82.3834196941197
BUSY = sample(1_792_000_060_123, (1 - 0.9012345678901234) * 100)


def telegraf(encoding: str, time_millis: int) -> dict[str, list[Unit]]:
    active, idle = sample(time_millis, ACTIVE), sample(time_millis, IDLE)
    units = {
        "active": [active],
        "idle": [idle],
        "core": [],
        "odd tags": [active],
        "quotes": [active],
        "counters": [refused("counter")],
        "other": [],
        "batch": [active, idle],
    }
    return {f"{name}, {encoding}": each for name, each in units.items()}


EXPECTED: dict[str, dict[str, list[Unit]]] = {
    "telegraf": {
        **telegraf("influx", T),
        **telegraf("json 1s", T // 1000 * 1000),
        **telegraf("json 1ms", T),
        **telegraf("json 1us", T),
        **telegraf("json 1ns", T),
    },
    "otlp-json": {
        "utilization": [BUSY],
        "time and utilization": [BUSY],
        "time only": [refused("counter")],
        "other metrics": [],
        "no host": [BUSY],
        "odd host": [BUSY],
        "two hosts": [BUSY, BUSY],
    },
}
SERIES = {
    "telegraf": [*(["loaner", "other", "web 1,a=b", '"web" 1', "loaner", "other"] * 5)],
    "otlp-json": ["web-1", "web-1", "key", 'web "1"\\ü\n', "web-1", "web-2"],
}
# Those of one metric or one scrape that is of interest.
WHOLE = {"telegraf": ("active", "idle", "odd tags", "quotes", "counters"), "otlp-json": ("utilization", "odd host")}


def records(input_format: str) -> dict[str, bytes]:
    lines = (FIXTURES / input_format / "records.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return {", ".join(filter(None, (each["name"], each.get("encoding")))): each["text"].encode() for each in found}


@pytest.mark.parametrize("input_format", EXPECTED)
def test_is_read(spark: SparkSession, settings_of: SettingsOf, input_format: str) -> None:
    values = records(input_format)
    units = units_of(frame_of(spark, list(values.values())), settings_of(input_format=input_format))
    found = dict(zip(values, units, strict=True))
    assert found == {
        name: [pytest.approx(unit) if unit.reason is None else unit for unit in sorted(each, key=str)]
        for name, each in EXPECTED[input_format].items()
    }


@pytest.mark.parametrize("input_format", EXPECTED)
def test_has_a_series(spark: SparkSession, settings_of: SettingsOf, input_format: str) -> None:
    frame = frame_of(spark, list(records(input_format).values()), key=b"key")
    found = series_of_samples(frame, settings_of(input_format=input_format, group_by="key"))
    assert sorted(found) == sorted(SERIES[input_format])


@pytest.mark.parametrize("input_format", EXPECTED)
def test_every_truncation_is_a_dead_letter(spark: SparkSession, settings_of: SettingsOf, input_format: str) -> None:
    whole = [value.rstrip() for name, value in records(input_format).items() if name.startswith(WHOLE[input_format])]
    cuts = [value[:length] for value in whole for length in range(len(value))]
    units = units_of(frame_of(spark, cuts).repartition(2).cache(), settings_of(input_format=input_format))
    assert [
        cut for cut, each in zip(cuts, units, strict=True) if [unit.reason is None for unit in each] != [False]
    ] == []
