"""What a failure means."""

from __future__ import annotations

from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException

from cpu_anomaly.accounting.checkpoint import CheckpointError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import TopicReplacedError

# The client calls it a configuration, but the name of a container that is away does not resolve until it is back.
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
    """What to tell the supervisor and the user: 2 and 3 are never worth a restart, 7 may be."""
    causes = causes_of(error)
    told = " ".join(causes)
    message = causes[-1].strip().splitlines()[0] if causes[-1].strip() else type(error).__name__
    if isinstance(error, TopicReplacedError):
        return Failure("topic_replaced", message, 3)
    if isinstance(error, CheckpointError) or "KAFKA_DATA_LOSS" in told or "OffsetOutOfRange" in told:
        return Failure("data_loss", message, 3)
    if any(sign in told for sign in OUTAGE_SIGNS):
        return Failure("query", message, 7)
    if isinstance(error, ConfigurationError | AnalysisException | OSError) or any(
        sign in told for sign in CONFIGURATION_SIGNS
    ):
        return Failure("configuration", message, 2)
    return Failure("query", message, 7)


def causes_of(error: Exception) -> list[str]:
    """The error and its causes in words, outermost first; across the border to the JVM."""
    thrown = error.java_exception if isinstance(error, Py4JJavaError) else getattr(error, "_origin", None)
    causes = [str(error)] if thrown is None else []
    while thrown is not None:
        causes.append(thrown.toString())
        thrown = thrown.getCause()
    return causes
