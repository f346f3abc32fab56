"""Value lists of collectd's `write_kafka`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import SettingsOf
from format_units import Unit, frame_of, refused, sample, series_of_samples, units_by_value
from pyspark.sql import SparkSession

T = 1_515_406_948_326
# As collectd's utils/format_json writes it, with ValuesPercentage true, ReportByCpu false and ReportByState false.
ACTIVE: dict[str, Any] = {
    "values": [42.5],
    "dstypes": ["gauge"],
    "dsnames": ["value"],
    "time": 1515406948.326,
    "interval": 10.0,
    "host": "web-1",
    "plugin": "cpu",
    "plugin_instance": "",
    "type": "percent",
    "type_instance": "active",
}
DERIVE = {
    **ACTIVE,
    "values": [17],
    "dstypes": ["derive"],
    "type": "cpu",
    "type_instance": "idle",
    "plugin_instance": "0",
}


def lists(*changes: dict[str, Any]) -> bytes:
    return json.dumps([{**ACTIVE, **change} for change in changes]).encode()


CASES: dict[bytes | None, list[Unit]] = {
    lists({}): [sample(T, 42.5)],
    lists({}, {"time": 1515406958.326, "values": [1]}): [sample(T, 42.5), sample(T + 10_000, 1.0)],
    lists({"type_instance": "idle"}): [sample(T, 57.5)],
    lists({"type_instance": "user"}): [],
    lists({"plugin_instance": "0"}): [],
    lists({"plugin": "memory"}): [],
    b"[]": [],
    lists(DERIVE): [refused("counter")],
    lists({"values": [None]}): [refused("no_cpu")],
    lists({"values": []}): [refused("no_cpu")],
    lists({"values": ["x"]}): [refused("bad_cpu")],
    lists({"time": None}): [refused("no_time")],
    lists({"time": "x"}): [refused("bad_timestamp")],
    b'[{"t":1}]': [refused("no_cpu")],
    lists({})[1:-1]: [refused("malformed")],
    lists({})[:-1]: [refused("malformed")],
    lists({}) + b"[]": [refused("malformed")],
    lists({}) + b"],[" + lists({}): [refused("malformed")],
    b"1515406948326,42.5": [refused("malformed")],
    b"": [refused("empty")],
    b"\xff": [refused("not_utf8")],
    None: [refused("empty")],
}


@pytest.fixture(scope="module")
def found(spark: SparkSession, settings_of: SettingsOf) -> dict[bytes | None, list[Unit]]:
    return units_by_value(spark, list(CASES), settings_of(input_format="collectd"))


@pytest.mark.parametrize("value", CASES, ids=str)
def test_value_lists(found: dict[bytes | None, list[Unit]], value: bytes | None) -> None:
    assert found[value] == CASES[value]


def test_series_is_the_host(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = frame_of(spark, [lists({}, {"host": "web-2", "time": 1515406949})], key=b"key")
    assert series_of_samples(frame, settings_of(input_format="collectd", group_by="key")) == ["web-1", "web-2"]
