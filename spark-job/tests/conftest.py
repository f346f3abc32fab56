from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.settings import Settings

SettingsOf = Callable[..., Settings]
DEFAULT_SETTINGS = Path(__file__).parents[1] / "default_settings.json"


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
        .config("spark.sql.optimizer.getJsonObjectSharedParsing.enabled", "true")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def settings_of() -> SettingsOf:
    """The default settings, with changes."""
    defaults = json.loads(DEFAULT_SETTINGS.read_text(encoding="utf-8"))
    return lambda **changes: Settings.from_json(json.dumps({**defaults, **changes}))


@pytest.fixture
def checkpoint_folder(tmp_path: Path) -> Path:
    """A checkpoint whose source started at offset 3 of the one partition; no batch is planned yet."""
    (tmp_path / "offsets").mkdir()
    (tmp_path / "sources" / "0").mkdir(parents=True)
    (tmp_path / "sources" / "0" / "0").write_bytes(b'\x00v1\n{"in":{"0":3}}')
    return tmp_path


def lines_of(out: io.StringIO) -> list[str]:
    """What an EventLog has written, without the times."""
    return [line.split(" ", 1)[1] for line in out.getvalue().splitlines()]


def offset_log(end: dict[str, dict[str, int]], watermark_ms: int = 5000) -> str:
    """A batch's file in the offset log."""
    metadata = {"batchWatermarkMs": watermark_ms, "batchTimestampMs": 7000, "conf": {}}
    return f"v1\n{json.dumps(metadata)}\n{json.dumps(end)}"
