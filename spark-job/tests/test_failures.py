"""What a failure means for the supervisor and the user."""

from __future__ import annotations

from typing import Any, cast

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException

from cpu_anomaly.accounting.checkpoint import CheckpointError
from cpu_anomaly.failures import causes_of, diagnose
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import RecordsLostError, TopicReplacedError


class Thrown:
    """A Java exception, as py4j shows it."""

    _target_id = "o1"
    _gateway_client = None

    def __init__(self, text: str, cause: Thrown | None = None) -> None:
        self._text = text
        self._cause = cause

    def toString(self) -> str:
        return self._text

    def getCause(self) -> Thrown | None:
        return self._cause


class FromJavaError(RuntimeError):
    """An exception that pyspark converted: it keeps the Java one."""

    def __init__(self, origin: Any) -> None:
        super().__init__("converted")
        self._origin = origin


@pytest.mark.parametrize(
    ("error", "kind", "exit_code"),
    [
        (ConfigurationError("bad"), "configuration", 2),
        (AnalysisException("no such column"), "configuration", 2),
        (OSError("no such file"), "configuration", 2),
        (TopicReplacedError("gone"), "topic_replaced", 3),
        (RecordsLostError("gone"), "data_loss", 3),
        (RestartNeededError("the clock"), "restart", 7),
        (CheckpointError("gone"), "data_loss", 3),
        (RuntimeError("[KAFKA_DATA_LOSS] some data may have been lost"), "data_loss", 3),
        (RuntimeError("anything else\nin two lines"), "query", 7),
        (RuntimeError(""), "query", 7),
        (RuntimeError("org.apache.kafka.common.config.ConfigException: No such setting"), "configuration", 2),
        # The name of a stopped container does not resolve: this is an outage, not an error in our settings.
        (
            RuntimeError("org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given"),
            "query",
            7,
        ),
    ],
)
def test_failure_has_the_exit_code_of_its_kind(error: Exception, kind: str, exit_code: int) -> None:
    failure = diagnose(error)
    assert (failure.kind, failure.exit_code) == (kind, exit_code)
    assert failure.message
    assert "\n" not in failure.message


@pytest.mark.parametrize(
    ("text", "kind", "exit_code"),
    [
        ("org.apache.spark.sql.AnalysisException: no such column", "configuration", 2),
        ("org.apache.spark.sql.catalyst.ExtendedAnalysisException: no such column", "configuration", 2),
        ("[STREAMING_REAL_TIME_MODE.OPERATOR] not supported", "configuration", 2),
        ("org.apache.kafka.common.errors.UnknownTopicOrPartitionException: no such topic", "configuration", 2),
        ("org.apache.kafka.clients.consumer.OffsetOutOfRangeException: gone", "data_loss", 3),
        ("java.lang.OutOfMemoryError: Java heap space", "query", 7),
    ],
)
def test_cause_inside_the_jvm_decides(text: str, kind: str, exit_code: int) -> None:
    failure = diagnose(FromJavaError(Thrown("org.apache.spark.SparkException: job aborted", Thrown(text))))
    assert (failure.kind, failure.message, failure.exit_code) == (kind, text, exit_code)


def test_java_exception_of_py4j_is_followed_too() -> None:
    thrown = Thrown("outer", Thrown("middle", Thrown("inner\nwith a trace")))
    assert causes_of(cast(Any, Py4JJavaError)("an error", thrown)) == ["outer", "middle", "inner\nwith a trace"]


def test_message_is_the_first_line_of_the_innermost_cause() -> None:
    assert diagnose(FromJavaError(Thrown("outer", Thrown("  inner\nwith a trace")))).message == "inner"
    assert diagnose(RuntimeError("")).message == "RuntimeError"
