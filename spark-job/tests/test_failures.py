"""What a failure means for the supervisor and the user."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException
from thrown import FromJavaError, Thrown, refused

from cpu_anomaly.accounting.files import (
    WAYS_OUT,
    CheckpointError,
    DamagedCheckpointError,
    UnusableCheckpointError,
)
from cpu_anomaly.failures import diagnose
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.refusals import RefusedError
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import TopicReplacedError


@pytest.mark.parametrize(
    ("error", "kind", "exit_code"),
    [
        (ConfigurationError("bad"), "configuration", 2),
        (AnalysisException("no such column"), "configuration", 2),
        # A full disk, or too many open files: it may pass.
        (OSError(28, "No space left on device"), "query", 7),
        (TopicReplacedError("gone"), "topic_replaced", 3),
        (RecordsLostError("gone"), "data_loss", 3),
        (RestartNeededError("the clock"), "restart", 7),
        (CheckpointError("gone"), "data_loss", 3),
        (RefusedError("no right"), "refused", 4),
        (refused("TopicAuthorization"), "refused", 4),
        (refused("SaslAuthentication"), "refused", 4),
        (refused("SslAuthentication"), "refused", 4),
        (UnusableCheckpointError("/c/commits/4", "cannot be read: permission denied"), "damaged_checkpoint", 3),
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


LOADING = "org.apache.spark.SparkException: [CANNOT_LOAD_STATE_STORE.UNCATEGORIZED] An error occurred"
CHECKSUM = "[CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED] the file may be corrupted. File: /c/state/0/0/3.changelog"
FOUND = DamagedCheckpointError("/c/state/0/0/3.delta", "is empty")


@pytest.mark.parametrize(
    ("outer", "inner", "found", "shown"),
    [
        (LOADING, CHECKSUM, None, f"the checkpoint is damaged: {CHECKSUM}; {WAYS_OUT}"),
        (LOADING, CHECKSUM, FOUND, str(FOUND)),
        (LOADING, "java.io.EOFException", FOUND, str(FOUND)),
        (LOADING, "java.io.EOFException", None, f"the checkpoint is damaged: java.io.EOFException; {WAYS_OUT}"),
        ("any", "java.io.EOFException", FOUND, str(FOUND)),
    ],
)
def test_damaged_checkpoint_is_never_worth_a_restart(
    outer: str, inner: str, found: DamagedCheckpointError | None, shown: str
) -> None:
    failure = diagnose(FromJavaError(Thrown(outer, Thrown(inner))), lambda _: found)
    assert (failure.kind, failure.message, failure.exit_code) == ("damaged_checkpoint", shown, 3)


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (LOADING, "java.lang.OutOfMemoryError: Java heap space"),
        (LOADING, "java.io.IOException: No space left on device"),
        (LOADING, "java.net.ConnectException: Connection refused"),
        ("[CANNOT_LOAD_STATE_STORE.ROCKSDB_STORE_PROVIDER_OUT_OF_MEMORY] Could not load", "any"),
        ("any", "java.io.EOFException"),
    ],
)
def test_what_may_pass_is_no_damage(outer: str, inner: str) -> None:
    assert diagnose(FromJavaError(Thrown(outer, Thrown(inner)))).exit_code == 7


def test_files_are_looked_at_only_after_a_failure_to_read() -> None:
    def find_damage(_: list[str]) -> None:
        raise AssertionError("this reads the whole state")

    assert diagnose(RuntimeError("no broker"), find_damage).exit_code == 7


def test_schema_that_cannot_be_read_is_damage() -> None:
    reader = "org.apache.spark.sql.execution.streaming.state.StateSchemaCompatibilityChecker.readSchemaFile(x.scala:1)"
    failure = diagnose(FromJavaError(Thrown("outer", Thrown("java.io.EOFException", frame=reader))))
    assert (failure.kind, failure.exit_code) == ("damaged_checkpoint", 3)
    assert "state/0/0/_metadata/schema" in failure.message


def test_message_is_the_first_line_of_the_innermost_cause() -> None:
    assert diagnose(FromJavaError(Thrown("outer", Thrown("  inner\nwith a trace")))).message == "inner"
    assert diagnose(RuntimeError("")).message == "RuntimeError"
