"""The job's settings and Kafka's client properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ConfigurationError(Exception):
    """No restart will cure it."""


@dataclass(frozen=True)
class Settings:
    """The names are a contract with the orchestrator, which renders them."""

    job_version: str
    app_name: str
    normal_mean: float
    normal_stddev: float
    direction: str
    window_ms: int
    watermark_ms: int
    max_future_skew_ms: int
    cpu_min: float | None
    cpu_max: float | None
    group_by: str
    input_topic: str
    output_topic: str
    dead_letter_topic: str
    bootstrap_servers: str
    kafka_options: Mapping[str, str]
    kafka_secrets_file: str | None
    starting_offsets: str
    max_offsets_per_trigger: int
    trigger: str
    trigger_interval_ms: int
    checkpoint_interval_ms: int
    checkpoint: str

    @staticmethod
    def from_json(text: str) -> Settings:
        try:
            settings = Settings(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"the rendered settings do not fit this job: {error}") from error
        if settings.direction not in ("high", "low", "both"):
            raise ConfigurationError(f"direction: {settings.direction!r} is none of high, low, both")
        if settings.group_by not in ("none", "key"):
            raise ConfigurationError(f"group_by: {settings.group_by!r} is none of none, key")
        if settings.trigger not in ("micro-batch", "real-time"):
            raise ConfigurationError(f"trigger: {settings.trigger!r} is none of micro-batch, real-time")
        return settings

    @property
    def is_real_time(self) -> bool:
        return self.trigger == "real-time"

    @property
    def future_ms(self) -> int:
        """How far ahead of its batch's time a sample may be. In real-time mode a batch lasts an interval."""
        return self.max_future_skew_ms + (self.checkpoint_interval_ms if self.is_real_time else 0)


def kafka_client_options(settings: Settings) -> dict[str, str]:
    """Kafka client properties, secrets included: never to be logged."""
    secrets: dict[str, str] = {}
    if settings.kafka_secrets_file:
        secrets = json.loads(Path(settings.kafka_secrets_file).read_text(encoding="utf-8"))
    return {"bootstrap.servers": settings.bootstrap_servers, **settings.kafka_options, **secrets}
