"""The options of the Kafka source."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf

from cpu_anomaly.modes import mode_of
from cpu_anomaly.source import prefixed, read_between, read_stream

CLIENT = {"bootstrap.servers": "a:1"}


class Reader:
    """Records the options of a reader; stands in for Spark and its broker."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def format(self, name: str) -> Reader:
        return self.option("format", name)

    def option(self, name: str, value: object) -> Reader:
        self.given[name] = value
        return self

    def options(self, **options: object) -> Reader:
        self.given.update(options)
        return self

    def load(self) -> Reader:
        return self


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def spark_of_reader(reader: Reader) -> Any:
    return SimpleNamespace(read=reader, readStream=reader, sparkContext=SimpleNamespace(defaultParallelism=2))


def test_client_properties_get_the_prefix_of_sparks_options() -> None:
    assert prefixed({**CLIENT, "acks": "all"}) == {"kafka.bootstrap.servers": "a:1", "kafka.acks": "all"}


@pytest.mark.parametrize("trigger", ["micro-batch", "real-time"])
def test_stream_reads_the_input_topic_and_loses_no_record_silently(
    reader: Reader, spark_of_reader: Any, settings_of: SettingsOf, trigger: str
) -> None:
    settings = settings_of(trigger=trigger, starting_offsets="latest", input_topic="in")
    read_stream(spark_of_reader, settings, mode_of(settings), CLIENT)
    expected = {"format": "kafka", "subscribe": "in", "startingOffsets": "latest", "failOnDataLoss": "true"}
    assert reader.given.items() >= expected.items()
    assert ("maxOffsetsPerTrigger" in reader.given) is (trigger == "micro-batch")


@pytest.mark.parametrize("kind", ["stream", "batch"])
def test_reads_only_what_is_committed_and_survives_a_broker_that_dies(
    reader: Reader, spark_of_reader: Any, settings_of: SettingsOf, kind: str
) -> None:
    settings = settings_of()
    if kind == "stream":
        read_stream(spark_of_reader, settings, mode_of(settings), CLIENT)
    else:
        read_between(cast(Any, reader), "in", {"0": 7}, {"0": 9}, CLIENT)
    assert reader.given["kafka.isolation.level"] == "read_committed"
    # A cluster elects a new leader about 9 s after the old one died. All attempts together last as long as by default.
    limit_ms = int(reader.given["kafka.default.api.timeout.ms"])
    assert 9_000 < int(reader.given["kafka.request.timeout.ms"]) < limit_ms <= 20_000
    assert limit_ms * reader.given["fetchOffset.numRetries"] >= 3 * 60_000


def test_clients_own_properties_override_the_tuning(
    reader: Reader, spark_of_reader: Any, settings_of: SettingsOf
) -> None:
    settings = settings_of()
    read_stream(spark_of_reader, settings, mode_of(settings), {**CLIENT, "fetch.max.wait.ms": "500"})
    assert reader.given["kafka.fetch.max.wait.ms"] == "500"
    assert reader.given["kafka.max.poll.records"] == "20000"


def test_partition_that_appeared_in_between_is_read_from_its_beginning(reader: Reader) -> None:
    read_between(cast(Any, reader), "in", {"0": 7}, {"0": 9, "10": 4, "2": 3}, CLIENT)
    assert json.loads(reader.given["assign"]) == {"in": [0, 2, 10]}
    assert json.loads(reader.given["startingOffsets"]) == {"in": {"0": 7, "10": -2, "2": -2}}
    assert json.loads(reader.given["endingOffsets"]) == {"in": {"0": 9, "10": 4, "2": 3}}
    assert reader.given["failOnDataLoss"] == "true"
