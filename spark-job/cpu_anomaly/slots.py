"""Task slots: real-time mode needs one per partition of the input topic, and partitions may be added at any time."""

from __future__ import annotations

import re
from typing import cast

from pyspark.sql import SparkSession

from cpu_anomaly.modes import Mode
from cpu_anomaly.session import RestartNeededError, start_spark
from cpu_anomaly.settings import ConfigurationError, Settings


def with_enough_slots(spark: SparkSession, settings: Settings, mode: Mode, input_partitions: int) -> SparkSession:
    """The session, or a new one if slots are threads and there are fewer than these partitions need.

    spark-submit asks for those that the topic needed when the job was submitted.
    """
    slots, needed = local_slots(spark), needed_slots(spark, mode, input_partitions)
    if slots is None or needed <= slots:
        return spark
    master = re.sub(r"\d+", str(needed), master_of(spark), count=1)
    spark.stop()
    return start_spark(settings, mode, master)


class PartitionGrowth:
    """Notices that the input topic has been given more partitions than the running query has slots for."""

    def __init__(self, spark: SparkSession, settings: Settings, mode: Mode, input_partitions: int) -> None:
        self._spark = spark
        self._topic = settings.input_topic
        self._mode = mode
        self._before = input_partitions

    def require_slots(self, input_partitions: int) -> None:
        """Raises RestartNeededError if a new driver gets the slots, ConfigurationError if the cluster lacks them."""
        needed = needed_slots(self._spark, self._mode, input_partitions)
        slots = local_slots(self._spark)
        available = slots or self._spark.sparkContext.defaultParallelism
        # Without growth a cluster has too few only while a worker is away.
        if input_partitions <= self._before or needed <= available:
            return
        growth = (
            f"topic {self._topic} has {input_partitions} partitions instead of {self._before}: "
            f"real-time mode needs {needed} task slots"
        )
        if slots:
            raise RestartNeededError(f"{growth}, so the driver is started again with them")
        raise ConfigurationError(
            f"{growth}, but the workers offer {available}: set SPARK_CORES={needed}, then `up` and `submit`"
        )


def needed_slots(spark: SparkSession, mode: Mode, input_partitions: int) -> int:
    return mode.task_slots(input_partitions, int(cast(str, spark.conf.get("spark.sql.shuffle.partitions"))))


def local_slots(spark: SparkSession) -> int | None:
    """None on a cluster."""
    match = re.fullmatch(r"local\[(\d+)(,\d+)?]", master_of(spark))
    return int(match[1]) if match else None


def master_of(spark: SparkSession) -> str:
    return str(spark.sparkContext.master)
