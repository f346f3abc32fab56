"""Topics on the broker: ids, end offsets, and whether a topic is still the one that the checkpoint knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from pyspark.sql import SparkSession


class TopicReplacedError(Exception):
    """A topic of this name exists, but it is not the one whose offsets the checkpoint holds."""


def describe_topics(spark: SparkSession, names: Sequence[str], client: Mapping[str, str]) -> dict[str, str]:
    """Topic ids by name."""
    with kafka_admin(spark, client) as (admin, jvm):
        described = describe(admin, jvm, names)
        return {name: described[name].topicId().toString() for name in names}


def end_offsets(spark: SparkSession, topic: str, client: Mapping[str, str]) -> dict[str, int]:
    """By partition, the offset of the record that will come next."""
    with kafka_admin(spark, client) as (admin, jvm):
        wanted = jvm.java.util.HashMap()
        for description in describe(admin, jvm, [topic])[topic].partitions():
            partition = jvm.org.apache.kafka.common.TopicPartition(topic, description.partition())
            wanted.put(partition, jvm.org.apache.kafka.clients.admin.OffsetSpec.latest())
        offsets = admin.listOffsets(wanted).all().get()
        return {str(partition.partition()): offsets[partition].offset() for partition in offsets}


def require_same_topics(known: Mapping[str, str], current: Mapping[str, str]) -> None:
    """Compares topic ids by name. Raises TopicReplacedError for a topic that was deleted and created again.

    Its offsets and windows would be mixed with those of the old topic.
    """
    for topic, topic_id in current.items():
        known_id = known.get(topic, topic_id)
        if known_id != topic_id:
            raise TopicReplacedError(
                f"topic {topic} was deleted and created again: its id was {known_id} and is now {topic_id}; "
                "the checkpoint belongs to the old topic: start a new checkpoint with `submit --new-checkpoint`"
            )


@contextmanager
def kafka_admin(spark: SparkSession, client: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """An admin client of Kafka in the driver's JVM, and the JVM."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    for name, value in {"default.api.timeout.ms": "30000", **client}.items():
        properties.setProperty(name, value)
    admin = jvm.org.apache.kafka.clients.admin.Admin.create(properties)
    try:
        yield admin, jvm
    finally:
        admin.close()


def describe(admin: Any, jvm: Any, names: Sequence[str]) -> Any:
    wanted = jvm.java.util.ArrayList()
    for name in names:
        wanted.add(name)
    return admin.describeTopics(wanted).allTopicNames().get()
