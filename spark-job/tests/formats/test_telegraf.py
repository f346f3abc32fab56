"""Metrics of Telegraf, as lines and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SettingsOf
from format_units import (
    LOG_APPEND_TIME,
    RECORD_MS,
    Unit,
    frame_of,
    refused,
    sample,
    series_of_samples,
    units_by_value,
    units_of,
)
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.formats.telegraf_metric import is_object
from cpu_anomaly.formats.telegraf_usual import is_other

SECOND = RECORD_MS // 1000
STAMP = f"{SECOND}456789012"
MS = SECOND * 1000 + 456
# plugins/inputs/cpu/README.md of influxdata/telegraf; tags and fields in the order of its serializer.
LINE = f"cpu,cpu=cpu-total,host=loaner usage_active=17.616580305880305,usage_idle=82.3834196941197 {STAMP}"
CORE = f"cpu,cpu=cpu0,host=loaner usage_active=99,usage_idle=1 {STAMP}"
MEM = f"mem,host=loaner used_percent=42.1 {STAMP}"
# plugins/serializers/json/README.md of influxdata/telegraf.
METRIC: dict[str, Any] = {
    "fields": {"usage_active": 17.5, "usage_idle": 82.5},
    "name": "cpu",
    "tags": {"cpu": "cpu-total", "host": "loaner"},
    "timestamp": SECOND,
}


def metric(**changes: Any) -> bytes:
    return json.dumps({**METRIC, **changes}, separators=(",", ":")).encode()


def batch(*metrics: bytes) -> bytes:
    return b'{"metrics":[' + b",".join(metrics) + b"]}"


TOTAL = sample(MS, 17.616580305880305)
# The record's timestamp is in the same second.
BY_RECORD = sample(RECORD_MS, 17.5)
OTHER_CORE = metric(tags={"cpu": "cpu0", "host": "loaner"})

CASES: dict[str, tuple[bytes, list[Unit]]] = {
    "a line": (LINE.encode(), [TOTAL]),
    "a line and its end": (f"{LINE}\n".encode(), [TOTAL]),
    "a batch of lines": (f"{MEM}\n{CORE}\n{LINE}\n".encode(), [TOTAL]),
    "idle only": (f"cpu,cpu=cpu-total usage_idle=82.5 {STAMP}".encode(), [sample(MS, 17.5)]),
    "active goes first": (f"cpu,cpu=cpu-total usage_idle=0,usage_active=5 {STAMP}".encode(), [sample(MS, 5.0)]),
    "tags before and after": (f"cpu,az=a,cpu=cpu-total,z=1 usage_active=5 {STAMP}".encode(), [sample(MS, 5.0)]),
    "escapes": (f"cpu,az=a\\ b\\,c\\=d,cpu=cpu-total usage_active=5 {STAMP}".encode(), [sample(MS, 5.0)]),
    "a string": (f'cpu,cpu=cpu-total x="a b, \\" usage_active=9",usage_active=5 {STAMP}'.encode(), [sample(MS, 5.0)]),
    "quotes in tags": (f'cpu,az="a,cpu=cpu-total,z=a"b" usage_active=5 {STAMP}'.encode(), [sample(MS, 5.0)]),
    "strings with odd characters": (
        f'cpu,cpu=cpu-total v="",w=" ,usage_active=6",x="=\\"",y="\\\\",usage_active=5 {STAMP}'.encode(),
        [sample(MS, 5.0)],
    ),
    "a string that does not begin at its field": (
        f'cpu,cpu=cpu-total x=\\"a, b",usage_active=5 {STAMP}'.encode(),
        [refused("malformed")],
    ),
    "a string in a string": (f'cpu,cpu=cpu-total x="a"b",usage_active=5 {STAMP}'.encode(), [refused("malformed")]),
    "a string without an end": (f'cpu,cpu=cpu-total x="a,usage_active=5 {STAMP}'.encode(), [refused("malformed")]),
    "a long string": (
        b'cpu,cpu=cpu-total x="%b",usage_active=5 %b' % (b"a, " * 100_000, STAMP.encode()),
        [sample(MS, 5.0)],
    ),
    "a long tag and a long string of escapes": (
        b'cpu,az=%ba,cpu=cpu-total x="%b",usage_active=5 %b' % (rb"a\ " * 50_000, rb"\\" * 100_000, STAMP.encode()),
        [sample(MS, 5.0)],
    ),
    "a name that ends alike": (f"cpu,cpu=cpu-total my_usage_active=5 {STAMP}".encode(), [refused("no_cpu")]),
    "no fields of interest": (f"cpu,cpu=cpu-total usage_user=5 {STAMP}".encode(), [refused("no_cpu")]),
    "no tag": (f"cpu,host=a usage_active=5 {STAMP}".encode(), [refused("no_cpu")]),
    "counters": (f"cpu,cpu=cpu-total time_user=5,time_idle=7 {STAMP}".encode(), [refused("counter")]),
    "no time": (b"cpu,cpu=cpu-total usage_active=5", [refused("malformed")]),
    "seconds": (f"cpu,cpu=cpu-total usage_active=5 {SECOND}".encode(), [refused("timestamp_unit")]),
    "milliseconds": (f"cpu,cpu=cpu-total usage_active=5 {RECORD_MS}".encode(), [refused("timestamp_unit")]),
    "a time with something beside": (
        f"cpu,cpu=cpu-total usage_active=5 {STAMP[:-1]}\x1f".encode(),
        [refused("bad_timestamp")],
    ),
    "a word for a time": (b"cpu,cpu=cpu-total usage_active=5 now", [refused("bad_timestamp")]),
    "a word for a number": (f"cpu,cpu=cpu-total usage_active=high {STAMP}".encode(), [refused("bad_cpu")]),
    "an integer of Influx": (f"cpu,cpu=cpu-total usage_active=5i {STAMP}".encode(), [refused("bad_cpu")]),
    "NaN": (f"cpu,cpu=cpu-total usage_active=NaN {STAMP}".encode(), [refused("not_finite")]),
    "csv": (b"1700000000123,12.5", [refused("malformed")]),
    "another core": (CORE.encode(), []),
    "another measurement": (MEM.encode(), []),
    "a broken line of another": (b"mem,host=a used_percent=1", [refused("malformed")]),
    "a blank line between": (f"{LINE}\n\n{LINE}".encode(), [refused("empty"), TOTAL, TOTAL]),
    "not UTF-8": (LINE.encode().replace(b"loaner", b"l\xff"), [refused("not_utf8")]),
    "a line that is not UTF-8 beside another": (LINE.encode() + b"\n" + LINE.encode() + b"\xff", [refused("not_utf8")]),
    "nothing": (b"", [refused("empty")]),
    "JSON": (metric(), [BY_RECORD]),
    "JSON with whitespace": (json.dumps(METRIC, indent=2).encode() + b"\n", [BY_RECORD]),
    "JSON, milliseconds": (metric(timestamp=MS), [sample(MS, 17.5)]),
    "JSON, microseconds": (metric(timestamp=MS * 1000 + 9), [sample(MS, 17.5)]),
    "JSON, nanoseconds": (metric(timestamp=MS * 10**6 + 9), [sample(MS, 17.5)]),
    "JSON, another second": (metric(timestamp=SECOND - 1), [sample((SECOND - 1) * 1000, 17.5)]),
    "JSON, idle only": (metric(fields={"usage_idle": 75}), [sample(RECORD_MS, 25.0)]),
    "JSON, another core": (OTHER_CORE, []),
    "JSON, another measurement": (metric(name="mem"), []),
    "JSON, counters": (metric(fields={"time_idle": 75}), [refused("counter")]),
    "JSON, no field": (metric(fields={}), [refused("no_cpu")]),
    "JSON, a word": (metric(fields={"usage_active": "high"}), [refused("bad_cpu")]),
    "JSON, no time": (metric(timestamp=None), [refused("no_time")]),
    "nanoseconds that are no bigint": (
        f"cpu,cpu=cpu-total usage_active=5 {10**19 - 1}".encode(),
        [refused("timestamp_unit")],
    ),
    "JSON, nanoseconds that are no bigint": (metric(timestamp=10**19 - 1), [refused("timestamp_unit")]),
    "JSON, days": (metric(timestamp=19_000), [refused("timestamp_unit")]),
    "JSON of others": (b'{"a":1}', [refused("malformed")]),
    "two documents": (metric() + metric(), [refused("malformed")]),
    "a batch": (
        batch(metric(timestamp=MS), OTHER_CORE, metric(timestamp=MS + 1)),
        [sample(MS, 17.5), sample(MS + 1, 17.5)],
    ),
    "a batch of one": (batch(metric()), [BY_RECORD]),
    "an empty batch": (batch(), []),
    "a batch with whitespace": (json.dumps({"metrics": [METRIC]}, indent=1).encode(), [BY_RECORD]),
    "a batch with a bad one": (batch(metric(), b'{"a":1}'), [refused("malformed"), BY_RECORD]),
    "a broken batch": (batch(metric(), metric())[:-1], [refused("malformed")]),
    "a field named metrics": (metric(fields={"metrics": 1, "usage_active": 17.5}), [BY_RECORD]),
}
FIXTURES = [LINE.encode(), metric(), batch(metric(), metric(timestamp=MS))]
CUTS = [fixture[:length] for fixture in FIXTURES for length in range(len(fixture))]


@pytest.fixture(scope="module")
def found(spark: SparkSession, settings_of: SettingsOf) -> dict[bytes | None, list[Unit]]:
    values = [*(value for value, _ in CASES.values()), *CUTS]
    return units_by_value(spark, values, settings_of(input_format="telegraf"))


@pytest.mark.parametrize("name", CASES)
def test_metrics(found: dict[bytes | None, list[Unit]], name: str) -> None:
    value, units = CASES[name]
    assert found[value] == sorted(units, key=str)


def test_every_truncation_is_a_dead_letter(found: dict[bytes | None, list[Unit]]) -> None:
    assert [cut for cut in CUTS if [unit.reason is None for unit in found[cut]] != [False]] == []


def changed(record: bytes) -> Iterator[bytes]:
    """The record with any byte removed, doubled, replaced, or preceded by another one."""
    for at, byte in enumerate(record):
        before, after = record[:at], record[at + 1 :]
        yield from (before + after, before + bytes([byte, byte]) + after)
        for other in b'",:=[]{}\\ \n\t\x00\xff-.0e':
            yield from (before + bytes([other]) + after, before + bytes([other, byte]) + after)


RECORDS = {
    "a line": f"{LINE}\n".encode(),
    "a document": metric(timestamp=MS),
    "a line of another": f'mem,host=a used=1i,x="a b",y=true {STAMP}\n'.encode(),
    "a line of a core": CORE.encode(),
    "a document of another": metric(name="mem", fields={"used": 1, "x": "a b", "y": True}, tags={"host": "loaner"}),
    "a document of a core": OTHER_CORE,
}


def test_fast_path_leaves_out_what_is_of_no_interest(spark: SparkSession) -> None:
    text = F.col("value").cast("string")
    others = frame_of(spark, [*RECORDS.values()]).filter(is_other(text, is_object(text))).select("nth").collect()
    assert {list(RECORDS)[row["nth"]] for row in others} == set(list(RECORDS)[2:])


@pytest.mark.parametrize("name", list(RECORDS)[2:])
def test_what_is_left_out_is_what_parsing_leaves_out(spark: SparkSession, settings_of: SettingsOf, name: str) -> None:
    frame = frame_of(spark, list(changed(RECORDS[name]))).repartition(2).cache()
    found = units_of(frame, settings_of(input_format="telegraf"))  # which compares both ways
    assert 0 < len([units for units in found if not units]) < len(found)


@pytest.mark.parametrize("record", list(RECORDS.values())[:2], ids=list(RECORDS)[:2])
def test_fast_path_finds_what_parsing_finds(spark: SparkSession, settings_of: SettingsOf, record: bytes) -> None:
    frame = frame_of(spark, list(changed(record))).repartition(2).cache()
    found = units_of(frame, settings_of(input_format="telegraf"))  # which compares both ways
    samples = [units for units in found if units and units[0].reason is None]
    assert 100 < len(samples) < len(found) / 2


@pytest.mark.parametrize("is_json", [False, True])
def test_batch_of_nearly_a_megabyte_fits_in_memory(
    spark: SparkSession, settings_of: SettingsOf, *, is_json: bool
) -> None:
    """With a copy of the record for each of its units it would not."""
    one = metric() if is_json else LINE.encode()
    count = 1_000_000 // (len(one) + 1)
    value = batch(*[one] * count) if is_json else b"\n".join([one] * count)
    reader = format_of(settings_of(input_format="telegraf"))
    for read in (reader.read, reader.read_exactly):
        units = frame_of(spark, [value]).transform(read)
        assert units.groupBy("reason").count().collect() == [(None, count)]


def test_time_of_arrival_is_not_taken_for_that_of_the_metric(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = frame_of(spark, [metric()], timestamp_type=LOG_APPEND_TIME)
    assert units_of(frame, settings_of(input_format="telegraf")) == [[sample(SECOND * 1000, 17.5)]]


def test_series_is_the_host_or_the_key(spark: SparkSession, settings_of: SettingsOf) -> None:
    hosts = ["host=loaner,", "host=a\\ b\\,c,", 'host="a\\ b",', ""]
    lines = [f"cpu,cpu=cpu-total,{host}x=1 usage_active=5 {STAMP}".encode() for host in hosts]
    frame = frame_of(spark, [*lines, metric(), metric(tags={"cpu": "cpu-total"})], key=b"key")
    found = series_of_samples(frame, settings_of(input_format="telegraf", group_by="key"))
    assert found == ["loaner", "a b,c", '"a b"', "key", "loaner", "key"]
