"""Damaged records of every format but OTLP's, which has a test of its own: no crash, and no sample that is not there.

FUZZ_ROWS is the number of records per format, 2,000 unless it is set; FUZZ_SEED draws other ones.
"""

from __future__ import annotations

import os
import random

import pytest
from agent_readers import AmbiguousError, Reader, Sample, collectd, fluent_bit, json_by_paths, metricbeat, telegraf
from conftest import SettingsOf
from format_units import frame_of
from otlp_requests import damaged
from pyspark.sql import SparkSession

from cpu_anomaly.formats.input_format import format_of

# A double is exact to one part of this.
DOUBLE = 2**52
FUZZ_ROWS = int(os.environ.get("FUZZ_ROWS", "2000"))
FUZZ_SEED = int(os.environ.get("FUZZ_SEED", "1"))
JSON = {"input_format": "json", "input_time": "$.t", "input_cpu": "$.c.v"}
METRIC = (
    '{"fields":{"usage_active":17.5,"usage_idle":82.5},"name":"cpu","tags":{"cpu":"cpu-total","host":"a"},'
    '"timestamp":1700000000123}'
)
LINE = "cpu,cpu=cpu-total,host=a usage_active=17.5,usage_idle=82.5 1700000000123456789"
LIST = (
    '{"values":[42.5],"dstypes":["gauge"],"time":1515406948.326,"host":"a","plugin":"cpu","type":"percent",'
    '"type_instance":"active"}'
)
BEAT = '{"@timestamp":"2017-10-12T08:05:34.853Z","host":{"name":"a"},"system":{"cpu":{"cores":4,"total":{"pct":1.5}}}}'

# Name -> settings, valid records, and what reads them independently.
FORMATS: dict[str, tuple[dict[str, str], list[str], Reader]] = {
    "telegraf": (
        {"input_format": "telegraf"},
        [
            LINE,
            f"{LINE}\n{LINE.replace('cpu-total', 'cpu0')}\n",
            'cpu,az=a\\ b,cpu=cpu-total x="a, b",usage_idle=5 1700000000123456789',
            'cpu,az="a,cpu=cpu-total,host=b" usage_idle=5 1700000000123456789',
            METRIC,
            f'{{"metrics":[{METRIC},{METRIC}]}}',
        ],
        telegraf,
    ),
    "json": (
        JSON,
        [
            '{"t":1700000000123,"c":{"v":12.5}}',
            '{"c":{"v":"1e1","w":[1,{}]},"t":"1700000000123.5"}',
            '{"x":[1,"a"],"c":{"u":null,"v":1.5},"t":1700000000123,"y":{"z":true}}',
        ],
        json_by_paths,
    ),
    "metricbeat": ({"input_format": "metricbeat"}, [BEAT], metricbeat),
    "fluent-bit": (
        {"input_format": "fluent-bit"},
        ['{"@timestamp":1512000000.123,"cpu_p":3.5,"user_p":2.0}'],
        fluent_bit,
    ),
    "collectd": ({"input_format": "collectd"}, [f"[{LIST}]", f"[{LIST},{LIST}]"], collectd),
}


def is_there(found: Sample, value: bytes, reader: Reader) -> bool:
    """A time that Spark has read as a double is rounded: by 1 ms, and by more the longer it is."""
    try:
        samples = reader(value)
    except AmbiguousError:
        return True
    return any(
        abs(found[0] - time) <= max(1, abs(time) // DOUBLE) and found[1] == pytest.approx(cpu) for time, cpu in samples
    )


@pytest.mark.parametrize("name", FORMATS)
def test_no_sample_is_made_up(spark: SparkSession, settings_of: SettingsOf, name: str) -> None:
    changes, valid, reader = FORMATS[name]
    draw = random.Random(FUZZ_SEED)
    values = [each.encode() for each in valid]
    values += [value[:end] for value in values for end in range(len(value))]
    values += [damaged(draw.choice(valid).encode(), draw) for _ in range(FUZZ_ROWS)]
    read = frame_of(spark, values).transform(format_of(settings_of(**changes)).read).filter("reason IS NULL")
    found = [
        (row["nth"], (row["time_millis"], row["cpu"])) for row in read.select("nth", "time_millis", "cpu").collect()
    ]
    assert {nth for nth, _ in found} >= set(range(len(valid)))
    made_up = [(values[nth], sample) for nth, sample in found if not is_there(sample, values[nth], reader)]
    assert made_up == [], made_up
