"""Metrics requests of the OpenTelemetry Collector as JSON."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest
from conftest import SettingsOf
from format_units import Unit, frame_of, refused, sample, series_of_samples, units_of
from otlp_requests import (
    COLLECTOR,
    PROTO,
    PROTO_TEXT,
    T_NANOS,
    T,
    attribute,
    compact,
    cpu_time,
    damaged,
    drawn,
    point,
    points_of,
    request,
    resource,
    samples_of,
    utilization,
    without,
)
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.formats.otlp import Otlp
from cpu_anomaly.formats.otlp_usual import lines_of_usual, looks_usual, usual, without_time

FUZZ_ROWS = int(os.environ.get("FUZZ_ROWS", "2000"))
FUZZ_SEED = int(os.environ.get("FUZZ_SEED", "1"))
KEY = b"the key"
IDLE = point("idle", 0.75)
LATER = str(T_NANOS + 10_000_000_000)
SMALL = compact(request(resource(utilization(point("user", 0.2), IDLE, point("idle", 0.5, "cpu1")))))


def value_of(*points: object) -> bytes:
    return compact(request(resource(utilization(*points))))  # type: ignore[arg-type]


def metric_of(metric: object) -> bytes:
    return compact(request(resource(metric)))  # type: ignore[arg-type]


# Name -> value, and its units.
CASES: dict[str, tuple[bytes | None, list[Unit]]] = {
    "as the Collector writes it": (compact(COLLECTOR), [sample(T, 15.0)]),
    "as in the specification": (PROTO_TEXT, [sample(1_544_712_660_300, 75.0)]),
    "as in the specification, compact": (compact(PROTO), [sample(1_544_712_660_300, 75.0)]),
    "many cores": (value_of(*points_of([0.5] * 128)), [sample(T, 50.0)]),
    "averaged by the receiver": (value_of(point("idle", 0.75, None)), [sample(T, 25.0)]),
    "two scrapes": (value_of(IDLE, point("idle", 0.5, nanos=LATER)), [sample(T, 25.0), sample(T + 10_000, 50.0)]),
    "a state of another scrape": (value_of(IDLE, point("user", 0.5, nanos=LATER)), [sample(T, 25.0)]),
    "two resources": (
        compact(request(resource(utilization(IDLE)), resource(utilization(point("idle", 0.5)), host="web-2"))),
        [sample(T, 25.0), sample(T, 50.0)],
    ),
    "cores in two scopes": (
        compact(
            request(
                {
                    **resource(),
                    "scopeMetrics": [{"metrics": [utilization(IDLE)]}, {"metrics": [utilization(point("idle", 0.25))]}],
                }
            )
        ),
        [sample(T, 50.0)],
    ),
    "asInt as a string": (value_of({**without(IDLE, "asDouble"), "asInt": "1"}), [sample(T, 0.0)]),
    "asInt as a number": (value_of({**without(IDLE, "asDouble"), "asInt": 0}), [sample(T, 100.0)]),
    "small exponents": (value_of(point("idle", 1e-07)), [sample(T, (1 - 1e-07) * 100)]),
    "a little more than 1": (value_of(point("idle", 1.0005)), [sample(T, 0.0)]),
    "a little less than 0": (value_of(point("idle", -0.0005)), [sample(T, 100.0)]),
    "utilization and counter": (compact(request(resource(cpu_time(IDLE), utilization(IDLE)))), [sample(T, 25.0)]),
    "counter, then utilization": (
        compact(request(resource(cpu_time(*points_of([17.5])), utilization(*points_of([0.9]))))),
        [sample(T, 10.0)],
    ),
    "unknown fields": (value_of({**IDLE, "flags": 1, "exemplars": [{"asDouble": 1}]}), [sample(T, 25.0)]),
    "whitespace around": (b" \n" + SMALL + b"\r\n", [sample(T, 37.5)]),
    "not ASCII": (compact(request(resource(utilization(IDLE), host="ü"))), [sample(T, 25.0)]),
    "a counter alone": (compact(request(resource(cpu_time(IDLE)))), [refused("counter")]),
    "a counter and another host": (
        compact(request(resource(cpu_time(IDLE)), resource(utilization(IDLE)))),
        [sample(T, 25.0), refused("counter")],
    ),
    "other metrics": (metric_of({"name": "system.memory.usage", "sum": {"dataPoints": []}}), []),
    "no resources": (b'{"resourceMetrics":[]}', []),
    "a resource without metrics": (b'{"resourceMetrics":[{},null]}', []),
    "no idle": (value_of(point("user", 0.5)), [refused("no_cpu")]),
    "no points": (value_of(), [refused("no_cpu")]),
    "no gauge": (metric_of({"name": "system.cpu.utilization"}), [refused("no_cpu")]),
    "no value": (value_of(without(IDLE, "asDouble")), [refused("no_cpu")]),
    "null as value of one core": (value_of(IDLE, {**IDLE, "asDouble": None}), [refused("no_cpu")]),
    "no time": (value_of(without(IDLE, "timeUnixNano")), [refused("no_time")]),
    "a time that is none": (value_of({**IDLE, "timeUnixNano": "now"}), [refused("bad_timestamp")]),
    "time 0": (value_of({**IDLE, "timeUnixNano": "0"}), [refused("timestamp_unit")]),
    "milliseconds": (value_of({**IDLE, "timeUnixNano": "1792000060123"}), [refused("timestamp_unit")]),
    "NaN": (value_of(point("idle", "NaN")), [refused("not_finite")]),
    "infinite": (value_of(point("idle", "-Infinity")), [refused("not_finite")]),
    "no number": (value_of(point("idle", "x")), [refused("bad_cpu")]),
    "a flag": (value_of(point("idle", True)), [refused("bad_cpu")]),
    "percent": (value_of(IDLE, point("idle", 75)), [refused("bad_cpu")]),
    "negative": (value_of(point("idle", -0.5)), [refused("bad_cpu")]),
    "a bad scrape after a good one": (
        value_of(IDLE, point("idle", 2, nanos=LATER)),
        [sample(T, 25.0), refused("bad_cpu")],
    ),
    "NaN without quotes": (SMALL.replace(b"0.75", b"NaN"), [refused("malformed")]),
    "single quotes": (SMALL.replace(b'"', b"'"), [refused("malformed")]),
    "snake_case": (SMALL.replace(b"resourceMetrics", b"resource_metrics"), [refused("malformed")]),
    "points of another type": (SMALL.replace(b'"dataPoints":[', b'"dataPoints":5,"x":['), [refused("malformed")]),
    "one point of another type": (value_of(IDLE, 5), [refused("malformed")]),
    "attributes of another type": (value_of(IDLE, {**IDLE, "attributes": "x"}), [refused("malformed")]),
    "in an array": (b"[" + SMALL + b"]", [refused("malformed")]),
    "text that follows": (SMALL + b"x", [refused("malformed")]),
    "a bracket that follows": (SMALL + b"]", [refused("malformed")]),
    "two documents": (SMALL + SMALL, [refused("malformed")]),
    "two documents and a comma": (SMALL + b"," + SMALL, [refused("malformed")]),
    "two arrays, in an array": (SMALL + b"],[" + SMALL, [refused("malformed")]),
    "spans": (b'{"resourceSpans":[]}', [refused("malformed")]),
    "an empty object": (b"{}", [refused("malformed")]),
    "a line of csv": (b"1700000000123,12.5", [refused("malformed")]),
    "what the fast path cuts out": (f"{T_NANOS}\t0.5\n]".encode(), [refused("malformed")]),
    "a host and what the fast path cuts out": (f'{{"{T_NANOS}\t0.5\n]'.encode(), [refused("malformed")]),
    "what the fast path cuts out, within": (
        SMALL.replace(b',{"attributes":[{"key":"cpu","value":{"stringValue":"cpu1"', f"{T_NANOS}\t0.5\n]".encode()),
        [refused("malformed")],
    ),
    "empty": (b"", [refused("empty")]),
    "null": (None, [refused("empty")]),
    "blank": (b" \n", [refused("empty")]),
    "not UTF-8": (SMALL.replace(b"web-1", b"\xff"), [refused("not_utf8")]),
    "too long": (SMALL + b" " * 1024 * 1024, [refused("too_long")]),
}
USUAL = (
    "as the Collector writes it",
    "many cores",
    "averaged by the receiver",
    "small exponents",
    "counter, then utilization",
)


def read_without_series(
    spark: SparkSession, settings_of: SettingsOf, values: Sequence[bytes | None]
) -> list[list[Unit]]:
    return units_of(frame_of(spark, values, KEY), settings_of(input_format="otlp-json"))


@pytest.fixture(scope="module")
def found(spark: SparkSession, settings_of: SettingsOf) -> dict[str, list[Unit]]:
    units = read_without_series(spark, settings_of, [value for value, _ in CASES.values()])
    return dict(zip(CASES, units, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_request_is_a_sample_per_scrape_and_resource(found: dict[str, list[Unit]], name: str) -> None:
    assert found[name] == [pytest.approx(unit) if unit.reason is None else unit for unit in CASES[name][1]]


def test_what_the_collector_writes_takes_the_fast_path(spark: SparkSession) -> None:
    values = [CASES[name][0] for name in USUAL]
    for has_series in (False, True):
        assert usual_ones(spark, values, has_series) == set(range(len(values)))


def usual_ones(spark: SparkSession, values: Sequence[bytes | None], has_series: bool) -> set[int]:
    text = F.col("value").cast("string")
    cut, bare = F.col("cut"), F.col("bare")
    frame = frame_of(spark, values).withColumn("cut", usual(text, has_series)).withColumn("bare", without_time(cut))
    found = frame.filter(looks_usual(text, cut, bare, lines_of_usual(bare)))
    return {row["nth"] for row in found.select("nth").collect()}


def test_fast_path_takes_no_host_for_a_time(spark: SparkSession) -> None:
    """Of a request without an idle point, the host is all that is cut out."""
    hosts = ["1" * 18, "1" * 19, f"x{T_NANOS}", f"{T}"]
    values = [compact(request(resource(utilization(point("user", 0.5)), host=host))) for host in hosts]
    assert usual_ones(spark, values, has_series=True) == set()


SERIES: dict[str, tuple[bytes, str]] = {
    "host": (SMALL, "web-1"),
    "host after others": (
        compact(
            request(
                resource(utilization(IDLE), host=None, attributes=[attribute("a", "b"), attribute("host.name", "h i")])
            )
        ),
        "h i",
    ),
    "host and instance": (
        compact(request(resource(utilization(IDLE), attributes=[attribute("service.instance.id", "b")]))),
        "web-1",
    ),
    "instance": (
        compact(request(resource(utilization(IDLE), host=None, attributes=[attribute("service.instance.id", "b")]))),
        "b",
    ),
    "neither": (compact(request(resource(utilization(IDLE), host=None))), "the key"),
    "a host with escapes": (compact(request(resource(utilization(IDLE), host='ü"\\\n'))), 'ü"\\\n'),
}


def test_series_is_the_host_or_the_instance_or_the_key(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = frame_of(spark, [value for value, _ in SERIES.values()], KEY)
    found = series_of_samples(frame, settings_of(input_format="otlp-json", group_by="key"))
    assert dict(zip(SERIES, found, strict=True)) == {name: series for name, (_, series) in SERIES.items()}


def test_line_is_the_record_or_a_document_of_the_unit(spark: SparkSession) -> None:
    values = [SMALL, b"x", compact(request(resource(utilization(IDLE)), resource(cpu_time(IDLE))))]
    rows = frame_of(spark, values, KEY).transform(Otlp(True).read_exactly).orderBy("nth", "line_number").collect()
    scrape = {
        "series": "web-1",
        "time": str(T_NANOS),
        "points": [{**without(IDLE, "startTimeUnixNano"), "asDouble": "0.75"}],
    }
    assert [(row["line_number"], row["line"].encode()) for row in rows] == [
        (None, SMALL),
        (None, b"x"),
        (0, compact(scrape)),
        (1, compact({"refused": "counter"})),
    ]


@pytest.fixture(scope="module")
def valid() -> list[bytes]:
    draw = random.Random(FUZZ_SEED)
    return [drawn(draw) for _ in range(FUZZ_ROWS)]


@pytest.fixture(scope="module")
def broken(valid: list[bytes]) -> list[bytes]:
    """Every truncation of the fixtures, and random damage."""
    draw = random.Random(-FUZZ_SEED)
    cut = [value[:end] for value in (SMALL, PROTO_TEXT) for end in range(len(value))]
    return [*cut, *(damaged(draw.choice((SMALL, compact(PROTO), draw.choice(valid))), draw) for _ in range(FUZZ_ROWS))]


@pytest.mark.parametrize("has_series", [False, True])
def test_every_sample_is_what_another_reader_finds(
    spark: SparkSession, valid: list[bytes], broken: list[bytes], has_series: bool
) -> None:
    values = [*valid, *broken]
    reader = Otlp(has_series)
    columns = ["nth", "time_millis", "cpu", "reason", *(["series"] if has_series else [])]
    rows = frame_of(spark, values, KEY).transform(reader.read).select(*columns).filter("reason IS NULL").collect()
    counts = [0] * len(values)
    for row in rows:
        counts[row["nth"]] += 1
        series = row["series"] if has_series else ""
        expected = [
            (time, pytest.approx(cpu), (KEY.decode() if named is None else named) if has_series else "")
            for time, cpu, named in samples_of(values[row["nth"]])
        ]
        assert (row["time_millis"], row["cpu"], series) in expected, values[row["nth"]]
    assert counts[: len(valid)] == [len(samples_of(value)) for value in valid]


@pytest.mark.parametrize("has_series", [False, True])
def test_fast_path_finds_what_parsing_finds(
    spark: SparkSession, valid: list[bytes], broken: list[bytes], has_series: bool
) -> None:
    """A space in front leads past the fast path."""
    values = [*valid, *broken]
    taken = sorted(usual_ones(spark, values, has_series))
    assert len(taken) > len(valid) / 10
    fast, parsed = (
        frame_of(spark, [prefix + values[nth] for nth in taken], KEY)
        .transform(Otlp(has_series).read)
        .drop("value", "text")
        .orderBy("nth")
        .collect()
        for prefix in (b"", b" ")
    )
    assert fast == parsed
