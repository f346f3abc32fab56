"""Makes a JVM load what the job will need, so that its classes can be archived (class data sharing). Run once.

Runs the job's own transforms as a stream, from files into memory: no broker is needed. Prints nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.query import detect
from cpu_anomaly.settings import Settings

SAMPLES = "\n".join(f"{1_700_000_000_000 + nth * 20},{nth % 90}.5" for nth in range(200))
# The settings that matter here are those that shape the plan.
SETTINGS: dict[str, Any] = {
    "job_version": "0",
    "app_name": "warm-up",
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
    "bootstrap_servers": "",
    "kafka_options": {},
    "kafka_secrets_file": None,
    "starting_offsets": "earliest",
    "max_offsets_per_trigger": 1,
    "trigger": "micro-batch",
    "trigger_interval_ms": 0,
    "checkpoint_interval_ms": 30_000,
    "checkpoint": "",
}


def stream_samples(spark: SparkSession, folder: Path) -> None:
    """Two micro-batches of the query, update mode and state store included."""
    source = folder / "in"
    source.mkdir()
    (source / "1.txt").write_text(SAMPLES, encoding="utf-8")
    texts = spark.readStream.schema("value string").text(str(source))
    raw = texts.select(F.lit(None).cast("binary").alias("key"), F.col("value").cast("binary").alias("value"))
    query = (
        raw.transform(detect(Settings(**SETTINGS)))
        .writeStream.format("noop")
        .option("checkpointLocation", str(folder / "checkpoint"))
        .outputMode("update")
        .start()
    )
    try:
        query.processAllAvailable()
        (source / "2.txt").write_text(SAMPLES, encoding="utf-8")
        query.processAllAvailable()
    finally:
        query.stop()


def load_kafka_clients(spark: SparkSession) -> None:
    """Makes a consumer, a producer and an admin client; a port that nothing listens on is enough for that."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    package = "org.apache.kafka.common.serialization.ByteArray"
    for name, value in {
        "bootstrap.servers": "127.0.0.1:1",
        "group.id": "warm-up",
        "key.deserializer": f"{package}Deserializer",
        "value.deserializer": f"{package}Deserializer",
        "key.serializer": f"{package}Serializer",
        "value.serializer": f"{package}Serializer",
    }.items():
        properties.setProperty(name, value)
    no_time = jvm.java.time.Duration.ofMillis(0)
    jvm.org.apache.kafka.clients.consumer.KafkaConsumer(properties).close(no_time)
    jvm.org.apache.kafka.clients.producer.KafkaProducer(properties).close(no_time)
    jvm.org.apache.kafka.clients.admin.Admin.create(properties).close(no_time)
    # The connector's own classes: a frame that is only planned reads nothing.
    options = {"kafka.bootstrap.servers": "127.0.0.1:1", "subscribe": "in"}
    spark.readStream.format("kafka").options(**options).load().select("key", "value").schema  # noqa: B018


def main() -> int:
    spark = SparkSession.builder.appName("warm-up").config("spark.ui.enabled", "true").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        stream_samples(spark, Path(folder))
    load_kafka_clients(spark)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
