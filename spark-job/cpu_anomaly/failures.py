"""What a failure means: kind, message and exit code, on which the supervisor and the orchestrator rely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.errors import AnalysisException

from cpu_anomaly.accounting.files import (
    WAYS_OUT,
    CheckpointConflictError,
    CheckpointError,
    DamagedCheckpointError,
    UnusableCheckpointError,
)
from cpu_anomaly.causes import causes_of, has_sign, is_thrown_by
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.refusals import RefusedError, describe_refusal
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import TopicReplacedError

DATA_LOSS_SIGNS = ("KAFKA_DATA_LOSS", "OffsetOutOfRange")
# Kafka's client calls this a configuration error, but the name of a stopped container does not resolve until it runs.
OUTAGE_SIGNS = ("No resolvable bootstrap urls given",)
# Spark's names for a file of the checkpoint that is missing, or not as it was written.
DAMAGE_SIGNS = (
    "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED",
    "STREAMING_CHECKPOINT_MISSING_METADATA_FILE",
    "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
    "CANNOT_LOAD_STATE_STORE.AUTO_SNAPSHOT_REPAIR_FAILED",
    "CANNOT_LOAD_STATE_STORE.CANNOT_FIND_BASE_SNAPSHOT_CHECKPOINT",
    "CANNOT_LOAD_STATE_STORE.CANNOT_READ",
    "CANNOT_LOAD_STATE_STORE.INVALID_CHANGE_LOG_READER_VERSION",
    "CANNOT_LOAD_STATE_STORE.INVALID_CHECKPOINT_LINEAGE",
    "ROW_FORMAT_VALIDATION_FAILURE",
    "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE",
    "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
    "STATE_STORE_ROW_CHECKSUM_VERIFICATION_FAILED",
    "STDS_FAILED_TO_READ",
)
# Spark also fails with whatever the reader of the file threw. That may have other reasons, so a file must be found that
# cannot be read, unless Spark says that it was loading state.
READ_SIGNS = (
    "java.io.EOFException",
    "Stream is corrupted",
    "java.nio.charset.MalformedInputException",
    "java.util.zip.ZipException",
    "com.fasterxml.jackson",
    "Corruption: ",
    "FileNotFoundException",
    "java.nio.file.NoSuchFileException",  # an archive that unpacks to nothing
)
LOADING_SIGN = "CANNOT_LOAD_STATE_STORE"
# The class of Spark that reads it, which names no file. Our query has one stateful operator, and so one schema.
SCHEMA_READER = "StateSchemaCompatibilityChecker"
SCHEMA_FILE = "state/0/0/_metadata/schema"
# What may pass, also while state is loaded.
PASSING_SIGNS = ("OutOfMemory", "OUT_OF_MEMORY", "No space left", "Too many open files", "Interrupted", "Timeout")
CONFIGURATION_SIGNS = (
    "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.ExtendedAnalysisException",
    "org.apache.kafka.common.config.ConfigException",
    "STREAMING_REAL_TIME_MODE",
    "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
)

# Of our own errors, those that need no look at their causes: kind and exit code.
OURS = ((TopicReplacedError, "topic_replaced", 3), (CheckpointConflictError, "checkpoint_conflict", 5))


@dataclass(frozen=True)
class Failure:
    kind: str
    message: str
    exit_code: int


# Looks for the file of the checkpoint that is to blame for a failure with these causes.
FindDamage = Callable[[list[str]], DamagedCheckpointError | None]


def diagnose(error: Exception, find_damage: FindDamage = lambda _: None) -> Failure:
    """Exit codes 2 (configuration), 3 (data loss, replaced topic, damaged checkpoint), 4 (Kafka refuses) and 5 (another
    driver's checkpoint, or one of other settings) are never worth a restart; 7 may be.

    The message is the first line of the innermost cause. `find_damage` is called only if the failure looks like damage.
    """
    causes = causes_of(error)
    message = causes[-1].strip().splitlines()[0] if causes[-1].strip() else type(error).__name__
    if ours := next((Failure(kind, message, code) for each, kind, code in OURS if isinstance(error, each)), None):
        return ours
    if refusal := str(error) if isinstance(error, RefusedError) else describe_refusal(causes):
        return Failure("refused", refusal, 4)
    is_checkpoint = isinstance(error, DamagedCheckpointError | UnusableCheckpointError)
    if damage := str(error) if is_checkpoint else damage_of(error, find_damage):
        return Failure("damaged_checkpoint", damage, 3)
    if isinstance(error, CheckpointError | RecordsLostError) or has_sign(DATA_LOSS_SIGNS, causes):
        return Failure("data_loss", message, 3)
    is_ours = isinstance(error, ConfigurationError | AnalysisException)
    if (is_ours or has_sign(CONFIGURATION_SIGNS, causes)) and not has_sign(OUTAGE_SIGNS, causes):
        return Failure("configuration", message, 2)
    return Failure("restart" if isinstance(error, RestartNeededError) else "query", message, 7)


def damage_of(error: Exception, find_damage: FindDamage) -> str | None:
    """What is wrong with the checkpoint; None if the failure has, or may have, another reason."""
    causes = causes_of(error)
    is_named, is_loading, is_read = (has_sign(signs, causes) for signs in (DAMAGE_SIGNS, (LOADING_SIGN,), READ_SIGNS))
    is_schema = is_thrown_by(SCHEMA_READER, error)
    if has_sign(PASSING_SIGNS, causes) or not (is_named or is_loading or is_read or is_schema):
        return None
    if found := find_damage(causes):
        return str(found)
    named = next((cause for cause in causes if has_sign(DAMAGE_SIGNS, [cause])), causes[-1]).strip().splitlines()[0]
    if is_schema:
        return str(DamagedCheckpointError(SCHEMA_FILE, f"cannot be read ({named})"))
    return f"the checkpoint is damaged: {named}; {WAYS_OUT}" if is_named or (is_loading and is_read) else None
