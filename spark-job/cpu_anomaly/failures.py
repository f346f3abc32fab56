"""What a failure means: kind, message and exit code, on which the supervisor and the orchestrator rely."""

from __future__ import annotations

from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException

from cpu_anomaly.accounting.checkpoint import CheckpointError
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import RecordsLostError, TopicReplacedError

DATA_LOSS_SIGNS = ("KAFKA_DATA_LOSS", "OffsetOutOfRange")
# Kafka's client calls this a configuration error, but the name of a stopped container does not resolve until it runs.
OUTAGE_SIGNS = ("No resolvable bootstrap urls given",)
CONFIGURATION_SIGNS = (
    "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.ExtendedAnalysisException",
    "org.apache.kafka.common.config.ConfigException",
    "STREAMING_REAL_TIME_MODE",
    "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
)


@dataclass(frozen=True)
class Failure:
    kind: str
    message: str
    exit_code: int


def diagnose(error: Exception) -> Failure:
    """Exit codes 2 (configuration) and 3 (data loss, replaced topic) are never worth a restart; 7 may be.

    The message is the first line of the innermost cause.
    """
    causes = causes_of(error)
    message = causes[-1].strip().splitlines()[0] if causes[-1].strip() else type(error).__name__
    if isinstance(error, TopicReplacedError):
        return Failure("topic_replaced", message, 3)
    if isinstance(error, RestartNeededError):
        return Failure("restart", message, 7)
    if isinstance(error, CheckpointError | RecordsLostError) or has_sign(DATA_LOSS_SIGNS, causes):
        return Failure("data_loss", message, 3)
    if has_sign(OUTAGE_SIGNS, causes):
        return Failure("query", message, 7)
    if isinstance(error, ConfigurationError | AnalysisException | OSError) or has_sign(CONFIGURATION_SIGNS, causes):
        return Failure("configuration", message, 2)
    return Failure("query", message, 7)


def has_sign(signs: tuple[str, ...], causes: list[str]) -> bool:
    return any(sign in cause for sign in signs for cause in causes)


def causes_of(error: Exception) -> list[str]:
    """The error and its causes as text, outermost first, followed into the JVM."""
    thrown = error.java_exception if isinstance(error, Py4JJavaError) else getattr(error, "_origin", None)
    causes = [str(error)] if thrown is None else []
    while thrown is not None:
        causes.append(thrown.toString())
        thrown = thrown.getCause()
    return causes
