"""What Kafka's admin client, in the driver's JVM, tells of the topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.refusals import lacks_right
from cpu_anomaly.rights import Rights
from cpu_anomaly.settings import Settings
from cpu_anomaly.topics import Bounds

# How long a client waits for a broker, in ms. When the leader of a partition dies, the admin client of Kafka 3.9 waits
# for that broker until the second limit, 60 s by default. The limit must exceed the time in which the brokers elect
# another leader: they begin when the old one has been silent for `broker.session.timeout.ms`, 9 s by default.
PATIENCE = {"request.timeout.ms": "10000", "default.api.timeout.ms": "15000"}
WAIT_MS = 15_000
# Kafka's client warns at each attempt to connect, by default up to 20 times per second.
ADMIN_OPTIONS = {**PATIENCE, "reconnect.backoff.ms": "1000", "reconnect.backoff.max.ms": "5000"}
NO_SUCH_TOPIC = "org.apache.kafka.common.errors.UnknownTopicOrPartitionException"


class KafkaTopics:
    """Keeps the driver's one admin client, which all its threads share, until the driver ends.

    Raises Py4JJavaError while the broker is away.
    """

    def __init__(self, admin: Any, jvm: Any, settings: Settings, wait_ms: int = WAIT_MS) -> None:
        self._admin = admin
        self._jvm = jvm
        self._settings = settings
        self._wait_ms = wait_ms

    @staticmethod
    def connect(spark: SparkSession, settings: Settings, client: Mapping[str, str]) -> KafkaTopics:
        return KafkaTopics(*open_admin(spark, client), settings)

    def waiting(self, wait_ms: int) -> KafkaTopics:
        return KafkaTopics(self._admin, self._jvm, self._settings, wait_ms)

    def cluster_id(self) -> str:
        options = self._api.DescribeClusterOptions().timeoutMs(self._wait_ms)
        return str(self._admin.describeCluster(options).clusterId().get())

    def rights(self) -> Rights:
        answers = self._describe(self._api.DescribeTopicsOptions().includeAuthorizedOperations(True))
        return {name: rights_or_none(answer) for name, answer in answers.items()}

    def ids(self) -> Mapping[str, str]:
        answers = self._describe(self._api.DescribeTopicsOptions())
        return {name: topic_id for name, answer in answers.items() if (topic_id := id_or_none(answer))}

    def input_bounds(self) -> Bounds:
        return bounds_of(self._admin, self._jvm, self._settings.input_topic, self._wait_ms)

    def input_since(self, time_ms: int) -> Mapping[str, int]:
        found = self._list(self._settings.input_topic, self._spec.forTimestamp(time_ms))
        return {partition: info.offset() for partition, info in found.items() if info.offset() >= 0}

    def stamps_input(self) -> bool | None:
        config = self._jvm.org.apache.kafka.common.config
        resource = config.ConfigResource(config.ConfigResource.Type.TOPIC, self._settings.input_topic)
        try:
            found = self._admin.describeConfigs(java_list(self._jvm, [resource])).all().get()[resource]
        except Py4JJavaError as error:
            if lacks_right(error):
                return None
            raise
        return bool(found.get("message.timestamp.type").value() == "LogAppendTime")

    def output_end(self) -> Mapping[str, int]:
        return bounds_of(self._admin, self._jvm, self._settings.output_topic, self._wait_ms).end

    def newest_output_ms(self) -> int:
        names = (self._settings.output_topic, self._settings.dead_letter_topic)
        newest = [info for name in names for info in self._list(name, self._spec.maxTimestamp()).values()]
        return max(int(info.timestamp()) for info in newest)

    def set_group_offsets(self, group: str, position: Mapping[str, int]) -> None:
        common, offsets = self._jvm.org.apache.kafka.common, self._jvm.java.util.HashMap()
        metadata = self._jvm.org.apache.kafka.clients.consumer.OffsetAndMetadata
        for partition, offset in position.items():
            offsets.put(common.TopicPartition(self._settings.input_topic, int(partition)), metadata(offset))
        options = self._api.AlterConsumerGroupOffsetsOptions().timeoutMs(self._wait_ms)
        self._admin.alterConsumerGroupOffsets(group, offsets, options).all().get()

    def _describe(self, options: Any) -> Mapping[str, Any]:
        """A KafkaFuture of Kafka's TopicDescription by name."""
        names = self._settings.topics
        described = self._admin.describeTopics(java_list(self._jvm, names), options.timeoutMs(self._wait_ms))
        answers = described.topicNameValues()
        return {name: answers[name] for name in names}

    def _list(self, topic: str, spec: Any) -> Mapping[str, Any]:
        return next(list_offsets(self._admin, self._jvm, topic, [spec], self._wait_ms))

    @property
    def _api(self) -> Any:
        return self._jvm.org.apache.kafka.clients.admin

    @property
    def _spec(self) -> Any:
        return self._api.OffsetSpec


def id_or_none(answer: Any) -> str | None:
    """None if there is no such topic."""
    try:
        return str(answer.get().topicId().toString())
    except Py4JJavaError as error:
        if NO_SUCH_TOPIC in error.java_exception.toString():
            return None
        raise


def rights_or_none(answer: Any) -> frozenset[str] | None:
    """None if there is no such topic, or the broker does not say."""
    try:
        granted = answer.get().authorizedOperations()
    except Py4JJavaError as error:
        if lacks_right(error):
            return frozenset()
        if NO_SUCH_TOPIC in error.java_exception.toString():
            return None
        raise
    # Not even an empty set can be meant: a topic that is described may be described.
    return frozenset(each.toString() for each in granted) if granted else None


def bounds_of(admin: Any, jvm: Any, topic: str, wait_ms: int) -> Bounds:
    spec = jvm.org.apache.kafka.clients.admin.OffsetSpec
    # Earliest first: an end that is read later is never below it.
    earliest, end = (
        {partition: info.offset() for partition, info in found.items()}
        for found in list_offsets(admin, jvm, topic, [spec.earliest(), spec.latest()], wait_ms)
    )
    return Bounds(earliest, end)


def list_offsets(admin: Any, jvm: Any, topic: str, specs: Sequence[Any], wait_ms: int) -> Iterator[dict[str, Any]]:
    """For each of Kafka's OffsetSpec in turn, the ListOffsetsResultInfo by partition."""
    api = jvm.org.apache.kafka.clients.admin
    patience = api.DescribeTopicsOptions().timeoutMs(wait_ms)
    description = admin.describeTopics(java_list(jvm, [topic]), patience).allTopicNames().get()[topic]
    options = api.ListOffsetsOptions(jvm.org.apache.kafka.common.IsolationLevel.READ_COMMITTED).timeoutMs(wait_ms)
    numbers = [partition.partition() for partition in description.partitions()]
    for spec in specs:
        wanted = jvm.java.util.HashMap()
        for number in numbers:
            wanted.put(jvm.org.apache.kafka.common.TopicPartition(topic, number), spec)
        found = admin.listOffsets(wanted, options).all().get()
        yield {str(partition.partition()): found[partition] for partition in found}


def open_admin(spark: SparkSession, client: Mapping[str, str]) -> tuple[Any, Any]:
    """An admin client of Kafka in the driver's JVM, and the JVM."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    for name, value in {**ADMIN_OPTIONS, **client}.items():
        properties.setProperty(name, value)
    return jvm.org.apache.kafka.clients.admin.Admin.create(properties), jvm


def java_list(jvm: Any, values: Sequence[str]) -> Any:
    wanted = jvm.java.util.ArrayList()
    for value in values:
        wanted.add(value)
    return wanted
