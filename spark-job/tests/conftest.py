from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.settings import Settings

SettingsOf = Callable[..., Settings]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = (
        SparkSession.builder.master("local[2]")
        .appName("cpu-anomaly-tests")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "false")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def settings_of() -> SettingsOf:
    """The default settings, with changes."""

    def make(**changes: object) -> Settings:
        defaults: dict[str, object] = {
            "job_version": "1",
            "app_name": "test",
            "normal_mean": 14.5,
            "normal_stddev": 2.7,
            "direction": "high",
            "window_ms": 500,
            "watermark_ms": 10_000,
            "max_future_skew_ms": 300_000,
            "cpu_min": None,
            "cpu_max": None,
            "group_by": "none",
            "input_topic": "in",
            "output_topic": "out",
            "dead_letter_topic": "dead",
            "bootstrap_servers": "127.0.0.1:9093",
            "kafka_options": {},
            "kafka_secrets_file": None,
            "starting_offsets": "earliest",
            "max_offsets_per_trigger": 1000,
            "trigger": "micro-batch",
            "trigger_interval_ms": 100,
            "checkpoint_interval_ms": 30_000,
            "checkpoint": "/nowhere",
        }
        return Settings(**{**defaults, **changes})  # type: ignore[arg-type]

    return make
