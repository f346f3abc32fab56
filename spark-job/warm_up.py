"""Makes a JVM load the classes that the job needs, so that they can be archived (class data sharing). Runs once.

Runs the job's own query as a stream over files, so no broker is needed. Prints nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import detect
from cpu_anomaly.settings import Settings

SAMPLES = "\n".join(f"{1_700_000_000_000 + nth * 20},{nth % 90}.5" for nth in range(200))
# The classes that a query needs follow from its plan, and most queries have the default one.
SETTINGS_FILE = Path(__file__).with_name("default_settings.json")


def stream_samples(spark: SparkSession, folder: Path) -> None:
    """Two micro-batches of the query, with update mode and state store."""
    settings = Settings.from_json(SETTINGS_FILE.read_text(encoding="utf-8"))
    source = folder / "in"
    source.mkdir()
    (source / "1.txt").write_text(SAMPLES, encoding="utf-8")
    texts = spark.readStream.schema("value string").text(str(source))
    raw = texts.select(F.lit(None).cast("binary").alias("key"), F.col("value").cast("binary").alias("value"))
    query = (
        raw.transform(detect(settings, mode_of(settings)))
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
    """Creates a consumer, a producer and an admin client, for which no broker needs to listen on the port."""
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
    # The connector's own classes: analyzing a frame reads nothing.
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
