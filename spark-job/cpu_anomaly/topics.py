"""Topics on the broker: ids, end offsets, and whether a topic is still the one that the checkpoint knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

# How long a client waits for a broker, in ms. When the leader of a partition dies, the admin client of Kafka 3.9 waits
# for that broker until the second limit, 60 s by default. The limit must exceed the time in which the brokers elect
# another leader: they begin when the old one has been silent for `broker.session.timeout.ms`, 9 s by default.
PATIENCE = {"request.timeout.ms": "10000", "default.api.timeout.ms": "15000"}
ATTEMPTS = 3


class TopicReplacedError(Exception):
    """A topic of this name exists, but it is not the one whose offsets the checkpoint holds."""


def describe_topics(spark: SparkSession, names: Sequence[str], client: Mapping[str, str]) -> dict[str, str]:
    """Topic ids by name."""
    with kafka_admin(spark, client) as (admin, jvm):
        described = describe(admin, jvm, names)
        return {name: described[name].topicId().toString() for name in names}


def end_offsets(spark: SparkSession, topic: str, client: Mapping[str, str]) -> dict[str, int]:
    """By partition, the offset after the last record that is not part of an open transaction."""
    return offsets(spark, topic, client, "latest")


def first_offsets(spark: SparkSession, topic: str, client: Mapping[str, str]) -> dict[str, int]:
    """By partition, the offset of the oldest record that retention has left."""
    return offsets(spark, topic, client, "earliest")


def offsets(
    spark: SparkSession,
    topic: str,
    client: Mapping[str, str],
    position: Literal["earliest", "latest"],
    attempts: int = ATTEMPTS,
) -> dict[str, int]:
    """If a leader does not answer, asks again with a new client, which looks for the new leader."""
    try:
        with kafka_admin(spark, client) as (admin, jvm):
            return list_offsets(admin, jvm, topic, position)
    except Py4JJavaError as error:
        if attempts == 1 or "TimeoutException" not in str(error.java_exception):
            raise
    return offsets(spark, topic, client, position, attempts - 1)


def list_offsets(admin: Any, jvm: Any, topic: str, position: str) -> dict[str, int]:
    kafka = jvm.org.apache.kafka
    spec = getattr(kafka.clients.admin.OffsetSpec, position)()
    wanted = jvm.java.util.HashMap()
    for description in describe(admin, jvm, [topic])[topic].partitions():
        wanted.put(kafka.common.TopicPartition(topic, description.partition()), spec)
    options = kafka.clients.admin.ListOffsetsOptions(kafka.common.IsolationLevel.READ_COMMITTED)
    found = admin.listOffsets(wanted, options).all().get()
    return {str(partition.partition()): found[partition].offset() for partition in found}


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
    for name, value in {**PATIENCE, **client}.items():
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
