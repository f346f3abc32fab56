"""JSON records by paths, and the presets Metricbeat and Fluent Bit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import SettingsOf
from format_units import RECORD_MS, Unit, frame_of, refused, sample, series_of_samples, units_by_value, units_of
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_usual import cutter_of, is_cut

T = 1_700_000_000_123
BY_PATHS = {"input_format": "json", "input_time": "$.t", "input_cpu": "$.c.v"}

# Value, and what it is with BY_PATHS.
JSON: dict[bytes, Unit] = {
    b'{"t":1700000000123,"c":{"v":12.5}}': sample(T, 12.5),
    b'{"c":{"v":0},"t":1700000000123,"more":[{"a":1},{"b":"}{"}]}': sample(T, 0.0),
    b'{"t":"1700000000123","c":{"v":"12.5"}}': sample(T, 12.5),
    b'\n { "t" : 1700000000123.9, "c" : { "v" : 1.25e1 } } \r\n': sample(T, 12.5),
    b'{"t":1700000000123,"c":{"v":-1}}': sample(T, -1.0),
    b"": refused("empty"),
    b" \n": refused("empty"),
    b'{"t":1700000000123,"c":{"v":"\xff"}}': refused("not_utf8"),
    b'{"t":1700000000123,"x":"\xff","c":{"v":1}}': refused("not_utf8"),
    b"1700000000123,12.5": refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}}x': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}} {"t":1700000000124,"c":{"v":99}}': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}},{"t":1700000000124,"c":{"v":99}}': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}}]': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5}}],[{"t":1700000000124,"c":{"v":99}}': refused("malformed"),
    b'{"t":1700000000123,"c":{"v":12.5},"more":[1,2]}': sample(T, 12.5),
    b"{'t':1700000000123,'c':{'v':12.5}}": refused("malformed"),
    b"""{"t":1700000000123,"c":{"v":12.5},"x":'"'}""": refused("malformed"),
    b"""{"c":{"v":"1e1","w":[',{}]},"t":"17:"1e1","w":[',{}]},"t":1700000000123}""": refused("malformed"),
    b"""{"t":1700000000123,"c":{"v":12.5},"x":"it's"}""": sample(T, 12.5),
    b"""{"t":1700000000123,"c":{"v":12.5},"x":"\\"'\\\\","y":["'"]}""": sample(T, 12.5),
    b"17": refused("malformed"),
    b"{}": refused("no_time"),
    b'{"c":{"v":12.5}}': refused("no_time"),
    b'{"t":null,"c":{"v":12.5}}': refused("no_time"),
    b'{"t":1700000000123}': refused("no_cpu"),
    b'{"t":1700000000123,"c":{"v":null}}': refused("no_cpu"),
    b'[{"t":1700000000123,"c":{"v":12.5}}]': refused("no_time"),
    b'{"t":"yesterday","c":{"v":12.5}}': refused("bad_timestamp"),
    b'{"t":true,"c":{"v":12.5}}': refused("bad_timestamp"),
    b'{"t":1700000000,"c":{"v":12.5}}': refused("timestamp_unit"),
    b'{"t":-1,"c":{"v":12.5}}': refused("timestamp_unit"),
    b'{"t":1e300,"c":{"v":12.5}}': refused("bad_timestamp"),
    b'{"t":1700000000123,"c":{"v":"12,5"}}': refused("bad_cpu"),
    b'{"t":1700000000123,"c":{"v":"1d"}}': refused("bad_cpu"),
    b'{"t":1700000000123,"c":{"v":[1]}}': refused("bad_cpu"),
    b'{"t":1700000000123,"c":{"v":true}}': refused("bad_cpu"),
    b'{"t":1700000000123,"c":{"v":"NaN"}}': refused("not_finite"),
    b'{"t":1700000000123,"c":{"v":1e200}}': refused("not_finite"),
}


@pytest.fixture(scope="module")
def found(spark: SparkSession, settings_of: SettingsOf) -> dict[bytes | None, list[Unit]]:
    return units_by_value(spark, list(JSON), settings_of(**BY_PATHS))


@pytest.mark.parametrize("value", JSON)
def test_record_is_a_sample_or_refused_with_its_reason(found: dict[bytes | None, list[Unit]], value: bytes) -> None:
    assert found[value] == [JSON[value]]


def test_null_and_oversized_records_are_refused(spark: SparkSession, settings_of: SettingsOf) -> None:
    large = b'{"t":1700000000123,"c":{"v":12.5},"x":"' + b"x" * 1024 * 1024 + b'"}'
    found = units_of(frame_of(spark, [None, large]), settings_of(**BY_PATHS))
    assert found == [[refused("empty")], [refused("too_long")]]


@pytest.mark.parametrize(
    ("unit", "time", "millis"),
    [
        ("s", "1700000000", 1_700_000_000_000),
        ("s", "1700000000.1239", T),
        ("s", "1.700000000123E9", T),
        ("ms", "1700000000123", T),
        ("us", "1700000000123999", T),
        ("us", "1700000000123999.5", T),
        ("ns", "1700000000123999999", T),
        ("ns", '"1700000000123999999"', T),
        ("iso", '"2023-11-14T22:13:20.123Z"', T),
        ("iso", '"2023-11-14T22:13:20.123999999Z"', T),
        ("iso", '"2023-11-14 22:13:20,123"', T),
        ("iso", '"2023-11-14T23:13:20.123+01:00"', T),
        ("iso", '"2023-11-14T23:13:20.123+0100"', T),
        ("iso", '"2023-11-14T22:13:20"', 1_700_000_000_000),
        ("iso", '"2023-11-14"', None),
        ("iso", '"2023-13-14T22:13:20Z"', None),
        ("iso", "1700000000123", None),
    ],
)
def test_time_is_in_its_unit(
    spark: SparkSession, settings_of: SettingsOf, unit: str, time: str, millis: int | None
) -> None:
    frame = frame_of(spark, [f'{{"t":{time},"c":{{"v":5}}}}'.encode()])
    ((found,),) = units_of(frame, settings_of(**BY_PATHS, input_time_unit=unit))
    assert found == (refused("bad_timestamp") if millis is None else sample(millis, 5.0))


def test_time_of_the_record_counts_if_the_settings_say_so(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(**{**BY_PATHS, "input_time": None}, input_time_unit="record")
    assert units_of(frame_of(spark, [b'{"c":{"v":5}}']), settings) == [[sample(RECORD_MS, 5.0)]]


def test_fraction_becomes_percent(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(**BY_PATHS, input_cpu_unit="fraction")
    assert units_of(frame_of(spark, [b'{"t":1700000000123,"c":{"v":0.125}}']), settings) == [[sample(T, 12.5)]]


@pytest.mark.parametrize(
    ("series", "value", "expected"),
    [
        (None, {"h": "a"}, "the key"),
        ("$.h", {"h": "a"}, "a"),
        ("$.h", {"h": "ü|,\n"}, "ü|,\n"),
        ("$.h", {}, "the key"),
        ("$['h.i'][1]", {"h.i": ["a", "b"]}, "b"),
    ],
)
def test_series_is_the_key_or_at_its_path(
    spark: SparkSession, settings_of: SettingsOf, series: str | None, value: dict[str, Any], expected: str
) -> None:
    record = json.dumps({"t": T, "c": {"v": 1}, **value}).encode()
    settings = settings_of(**BY_PATHS, input_series=series, group_by="key")
    assert series_of_samples(frame_of(spark, [record], key=b"the key"), settings) == [expected]


# Documents that are cut by one pattern, and what makes others that must be parsed.
USUAL = [
    b'{"t":1700000000123,"c":{"v":12.5}}',
    b'{"c":{"v":0},"t":1700000000123}\n',
    b'{"h": "a", "t": "1700000000123", "c": {"u": null, "v": "1.25"}, "x": [1, "a"], "y": {"z": -0.5e3}}',
    b'{"c":{"v":-1,"w":[]},"h":"it\'s","more":{},"t":1700000000123.75,"yes":true}',
    b'{"t":"yesterday","c":{"v":12.5}}',
    b'{"t":1700000000123,"c":{"v":""}}',
]
UNUSUAL = [
    b'{"t":1700000000123,"t":1700000000124,"c":{"v":12.5}}',
    b'{"t":1700000000123,"c":{"v":12.5},"c":{"v":1}}',
    b'{"t":1700000000123,"c":{"v":12.5,"v":1}}',
    b'{"t":1700000000123,"c":{"v":12.5},"c":1}',
    b'{"t":1700000000123,"c":{"v":1.25e1}}',
    b'{"t":1700000000123,"c":{"v":012.5}}',
    b'{"t":1700000000123,"c":{"v":12.}}',
    b'{"t":1700000000123,"c":{"v":null}}',
    b'{"t":1700000000123,"c":{"v":12.5},}',
    b'{"t":1700000000123,,"c":{"v":12.5}}',
    b'{"t":1700000000123"c":{"v":12.5}}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":["a""b"]}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":["a",]}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":[1,]}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":[[1]]}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":"\\u0041"}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":"\xc3\xbc"}',
    b'{"t":1700000000123,"c":{"v":12.5},"x":"\t"}',
    b'{"t":1700000000123,"c":{"v":12.5},"\\u0074":1700000000124}',
    b'{"t":1700000000123,"c":{"v":12.5}}\n\n',
    b'[{"t":1700000000123,"c":{"v":12.5}}]',
    b'{"t":1700000000123}',
    b"12.5\t1700000000123",
    b"",
]


def test_usual_documents_are_cut_and_no_others(spark: SparkSession) -> None:
    cutter = cutter_of({"time": "$.t", "cpu": "$['c'].v"})
    assert cutter is not None
    text = F.col("value").cast("string")
    values = [*USUAL, *UNUSUAL, *(value[:end] for value in USUAL for end in range(len(value.rstrip())))]
    found = frame_of(spark, values).filter(is_cut(cutter.cut(text), text)).select("nth").collect()
    assert [values[row["nth"]] for row in found] == USUAL


@pytest.mark.parametrize("path", ["$.c[0]", "$.c[*]", "$", "$.t.u", "$.t", "$['ü']"])
def test_other_paths_have_no_pattern(path: str) -> None:
    assert cutter_of({"time": "$.t", "cpu": path}) is None


def test_cut_documents_mean_what_they_mean_when_parsed(spark: SparkSession, settings_of: SettingsOf) -> None:
    cut = units_of(frame_of(spark, USUAL), settings_of(**BY_PATHS))
    # A tab after the brace: not usual.
    assert cut == units_of(frame_of(spark, [b"{\t" + value[1:] for value in USUAL]), settings_of(**BY_PATHS))


@pytest.mark.parametrize("name", ["h", "h.i", "h-i", "@h", "h i"])
def test_series_of_a_cut_document_is_at_its_path(spark: SparkSession, settings_of: SettingsOf, name: str) -> None:
    settings = settings_of(**BY_PATHS, input_series=f"$['{name}']", group_by="key")
    others = [json.dumps({other: "{a}", "t": T, "c": {"v": 1}}).encode() for other in (name, "hxi")]
    assert series_of_samples(frame_of(spark, others, key=b"the key"), settings) == ["{a}", "the key"]


# elastic/beats, metricbeat/module/system/cpu/_meta/data.json, shortened.
METRICBEAT = {
    "@timestamp": "2017-10-12T08:05:34.853Z",
    "event": {"dataset": "system.cpu", "duration": 115000, "module": "system"},
    "host": {"name": "web-1", "cpu": {"pct": 0.0457}},
    "metricset": {"name": "cpu", "period": 10000},
    "system": {"cpu": {"cores": 24, "idle": {"pct": 22.9}, "total": {"norm": {"pct": 0.0457}, "pct": 1.0979}}},
}
METRICBEAT_MS = 1_507_795_534_853


def metricbeat(cpu: dict[str, Any]) -> bytes:
    return json.dumps({**METRICBEAT, "system": {"cpu": cpu}}).encode()


METRICBEAT_UNITS: dict[bytes, list[Unit]] = {
    json.dumps(METRICBEAT).encode(): [sample(METRICBEAT_MS, 4.57)],
    json.dumps(METRICBEAT, indent=4).encode(): [sample(METRICBEAT_MS, 4.57)],
    metricbeat({"cores": 4, "total": {"pct": 1.0}}): [sample(METRICBEAT_MS, 25.0)],
    metricbeat({"total": {"pct": 1.0}}): [refused("bad_cpu")],
    metricbeat({"cores": 0, "total": {"pct": 1.0}}): [refused("bad_cpu")],
    metricbeat({"cores": 4}): [refused("no_cpu")],
    b'{"@timestamp":"2017-10-12T08:05:34.853Z","system":{"memory":{"total":1}}}': [],
    b"1700000000123,12.5": [refused("malformed")],
}


def test_metricbeat(spark: SparkSession, settings_of: SettingsOf) -> None:
    found = units_of(frame_of(spark, list(METRICBEAT_UNITS)), settings_of(input_format="metricbeat"))
    expected = [
        [pytest.approx(unit) if unit.cpu is not None else unit for unit in units] for units in METRICBEAT_UNITS.values()
    ]
    assert found == expected


def test_metricbeat_names_the_host(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(input_format="metricbeat", group_by="key")
    assert series_of_samples(frame_of(spark, [json.dumps(METRICBEAT).encode()]), settings) == ["web-1"]


FLUENT_BIT_UNITS: dict[bytes, Unit] = {
    b'{"@timestamp":1512000000.123,"cpu_p":3.5,"user_p":2.0,"cpu0.p_cpu":4.0}': sample(1_512_000_000_123, 3.5),
    b'{"@timestamp":"2017-11-30T00:00:00.123Z","cpu_p":3.5}': sample(1_512_000_000_123, 3.5),
    b'{"@timestamp":1512000000.123,"Mem.total":4}': refused("no_cpu"),
    b'{"date":1512000000.123,"cpu_p":3.5}': refused("no_time"),
}


def test_fluent_bit(spark: SparkSession, settings_of: SettingsOf) -> None:
    found = units_of(frame_of(spark, list(FLUENT_BIT_UNITS)), settings_of(input_format="fluent-bit"))
    assert found == [[unit] for unit in FLUENT_BIT_UNITS.values()]
