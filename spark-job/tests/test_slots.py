"""Task slots for the partitions that the input topic has now."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf

from cpu_anomaly import slots
from cpu_anomaly.modes import mode_of
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.slots import PartitionGrowth, with_enough_slots

LOCAL = "local[3,4]"
CLUSTER = "spark://master:7077"


class FakeSpark:
    def __init__(self, master: str) -> None:
        self.sparkContext = SimpleNamespace(master=master, defaultParallelism=3)
        self.conf = {"spark.sql.shuffle.partitions": "1"}
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


@pytest.fixture
def masters(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those with which Spark is started again."""
    started: list[str] = []
    monkeypatch.setattr(slots, "start_spark", lambda _settings, _mode, master: started.append(master))
    return started


@pytest.mark.parametrize(("before", "partitions", "after"), [(LOCAL, 2, "local[4,4]"), ("local[3]", 9, "local[11]")])
def test_spark_is_started_again_if_its_threads_are_too_few(
    settings_of: SettingsOf, masters: list[str], before: str, partitions: int, after: str
) -> None:
    settings, spark = settings_of(trigger="real-time"), FakeSpark(before)
    with_enough_slots(cast(Any, spark), settings, mode_of(settings), partitions)
    assert (masters, spark.is_stopped) == ([after], True)


@pytest.mark.parametrize(
    ("trigger", "master", "partitions"),
    [("real-time", LOCAL, 1), ("real-time", CLUSTER, 9), ("micro-batch", LOCAL, 9)],
)
def test_spark_is_kept_if_its_slots_suffice_or_are_not_its_own(
    settings_of: SettingsOf, masters: list[str], trigger: str, master: str, partitions: int
) -> None:
    settings, spark = settings_of(trigger=trigger), FakeSpark(master)
    assert with_enough_slots(cast(Any, spark), settings, mode_of(settings), partitions) is cast(Any, spark)
    assert (masters, spark.is_stopped) == ([], False)


@pytest.mark.parametrize(
    ("trigger", "master", "before", "now"),
    [
        ("real-time", LOCAL, 1, 1),
        ("micro-batch", LOCAL, 1, 9),
        # A worker is away: a new one, not a new driver, helps.
        ("real-time", CLUSTER, 9, 9),
        ("real-time", "local[9,4]", 1, 7),
    ],
)
def test_query_goes_on_with_the_slots_that_it_has(
    settings_of: SettingsOf, trigger: str, master: str, before: int, now: int
) -> None:
    settings = settings_of(trigger=trigger)
    PartitionGrowth(cast(Any, FakeSpark(master)), settings, mode_of(settings), before).require_slots(now)


@pytest.mark.parametrize(
    ("master", "error", "message"),
    [
        (
            LOCAL,
            RestartNeededError,
            "topic cpu-usage has 4 partitions instead of 1: real-time mode needs 6 task slots, "
            "so the driver is started again with them",
        ),
        (
            CLUSTER,
            ConfigurationError,
            "topic cpu-usage has 4 partitions instead of 1: real-time mode needs 6 task slots, "
            "but the workers offer 3: set SPARK_CORES=6, then `up` and `submit`",
        ),
    ],
)
def test_partitions_that_need_more_slots_end_the_driver(
    settings_of: SettingsOf, master: str, error: type[Exception], message: str
) -> None:
    settings = settings_of(trigger="real-time")
    growth = PartitionGrowth(cast(Any, FakeSpark(master)), settings, mode_of(settings), 1)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        growth.require_slots(4)
