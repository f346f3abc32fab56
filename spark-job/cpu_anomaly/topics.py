"""Kafka's admin client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from pyspark.sql import SparkSession


class TopicReplacedError(Exception):
    """A topic of this name is there, but not the one whose offsets the checkpoint holds."""


def describe_topics(spark: SparkSession, names: Sequence[str], client: Mapping[str, str]) -> dict[str, str]:
    """Topic ids by name, from the broker."""
    with kafka_admin(spark, client) as (admin, jvm):
        described = describe(admin, jvm, names)
        return {name: described[name].topicId().toString() for name in names}


def end_offsets(spark: SparkSession, topic: str, client: Mapping[str, str]) -> dict[str, int]:
    """Where each partition ends now: the offset of the record that will come next."""
    with kafka_admin(spark, client) as (admin, jvm):
        wanted = jvm.java.util.HashMap()
        for partition in describe(admin, jvm, [topic])[topic].partitions():
            where = jvm.org.apache.kafka.common.TopicPartition(topic, partition.partition())
            wanted.put(where, jvm.org.apache.kafka.clients.admin.OffsetSpec.latest())
        found = admin.listOffsets(wanted).all().get()
        return {str(where.partition()): found[where].offset() for where in found}


def require_same_topics(known: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Offsets and windows of a topic that was deleted and created again would be mixed with those of the old one."""
    for topic, topic_id in found.items():
        before = known.get(topic, topic_id)
        if before != topic_id:
            raise TopicReplacedError(
                f"topic {topic} was deleted and created again: its id was {before} and is now {topic_id}; "
                "the checkpoint belongs to the old one: begin a new one with `submit --new-checkpoint`"
            )


@contextmanager
def kafka_admin(spark: SparkSession, client: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """Kafka's admin client of the driver's JVM, and the JVM."""
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
