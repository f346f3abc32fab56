"""The job's settings, and the Kafka client properties that follow from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints


class ConfigurationError(Exception):
    """The configuration is wrong: restarting the driver does not help."""


@dataclass(frozen=True)
class Settings:
    """What the orchestrator renders into the job. Names and order are a contract with it."""

    app_name: str
    normal_mean: float
    normal_stddev: float
    direction: Literal["high", "low", "both"]
    window_ms: int
    watermark_ms: int
    max_future_skew_ms: int
    cpu_min: float | None
    cpu_max: float | None
    group_by: Literal["none", "key"]
    input_format: Literal["csv", "telegraf", "otlp-json", "json", "metricbeat", "fluent-bit", "collectd"]
    input_time: str | None
    input_time_unit: Literal["iso", "s", "ms", "us", "ns", "record"]
    input_cpu: str | None
    input_cpu_unit: Literal["percent", "fraction"]
    input_series: str | None
    baseline_file: str | None
    input_topic: str
    output_topic: str
    dead_letter_topic: str
    bootstrap_servers: str
    kafka_options: Mapping[str, str]
    kafka_secrets_file: str | None
    starting_offsets: Literal["earliest", "latest"]
    max_offsets_per_trigger: int
    trigger: Literal["micro-batch", "real-time"]
    trigger_interval_ms: int
    checkpoint_interval_ms: int
    checkpoint: str
    # What a checkpoint that others may reach too fixes; None if only this stack reaches it.
    manifest: Mapping[str, str] | None

    @staticmethod
    def from_json(text: str) -> Settings:
        """Raises ConfigurationError unless `text` is a JSON object with exactly these fields, each of its type."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"the rendered settings are not JSON: {error}") from error
        if not isinstance(given, dict):
            raise ConfigurationError(f"the rendered settings are not a JSON object: {text}")
        if problems := problems_of(given):
            raise ConfigurationError(f"the rendered settings do not fit this job: {'; '.join(problems)}")
        return Settings(**given)

    @property
    def topics(self) -> list[str]:
        """Input, output, dead letters."""
        return [self.input_topic, self.output_topic, self.dead_letter_topic]

    @property
    def has_series(self) -> bool:
        """Each sample belongs to a series, which the format names."""
        return self.group_by == "key"


def kafka_client_options(settings: Settings) -> dict[str, str]:
    """Kafka client properties, secrets included: never log them. Raises ConfigurationError."""
    secrets = secrets_of(settings.kafka_secrets_file) if settings.kafka_secrets_file else {}
    return {"bootstrap.servers": settings.bootstrap_servers, **settings.kafka_options, **secrets}


def secrets_of(file: str) -> dict[str, str]:
    try:
        return dict(json.loads(Path(file).read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"the file of Kafka's secrets cannot be read: {error}") from error


def problems_of(given: Mapping[str, Any]) -> list[str]:
    """All of them: fields that are missing, unknown, or of another type."""
    types = get_type_hints(Settings)
    missing = [f"{name} is missing" for name in types if name not in given]
    unknown = [f"{name} is unknown" for name in given if name not in types]
    known = [(name, value, types[name]) for name, value in given.items() if name in types]
    return [
        *missing,
        *unknown,
        *(f"{name}: {value!r} is not {words(kind)}" for name, value, kind in known if not fits(value, kind)),
    ]


def fits(value: object, kind: Any) -> bool:
    """True if a value from JSON has this type. A whole number is a float too; a boolean is not a number."""
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return value in arguments
    if get_origin(kind) is UnionType:
        return any(fits(value, each) for each in arguments)
    if get_origin(kind) is Mapping:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return type(value) in ((int, float) if kind is float else (kind,))


def words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    return f"of type {kind.__name__ if isinstance(kind, type) else kind}"
