"""Records of the dead-letter topic. Their JSON is documented: names and meanings are a contract."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import JSON_OPTIONS
from cpu_anomaly.source import prefixed

MAX_DEAD_LETTER_BYTES = 256


def dead_letters(judged: DataFrame) -> DataFrame:
    """Columns in: those of the Kafka source, of a format's `read_exactly` and of `guard`. Out: key and value (strings).

    The key says where the line is in the input topic, so a letter that is written twice has the same key both times.
    """
    key = F.concat_ws("|", "topic", "partition", "offset", "line_number")
    # For a record of one unit the whole value, including trailing whitespace.
    content = F.when(F.col("line_number").isNull(), F.col("value")).otherwise(F.col("line").cast("binary"))
    length = F.octet_length(content)
    is_text = F.is_valid_utf8(content.cast("string"))
    letter = F.struct(
        "reason",
        "topic",
        "partition",
        "offset",
        F.col("line_number").alias("line"),
        "timestamp",
        excerpt(content, is_text).alias("value"),
        F.when(~is_text, "base64").alias("encoding"),
        length.alias("length"),
        (length > MAX_DEAD_LETTER_BYTES).alias("truncated"),
    )
    return judged.filter(F.col("reason").isNotNull()).select(
        key.alias("key"), F.to_json(letter, JSON_OPTIONS).alias("value")
    )


def write_dead_letters(judged: DataFrame, settings: Settings, client: Mapping[str, str]) -> None:
    (
        dead_letters(judged)
        .write.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.dead_letter_topic)
        .save()
    )


def excerpt(content: Column, is_text: Column) -> Column:
    """The first MAX_DEAD_LETTER_BYTES: text as it is, other bytes as base64."""
    # The cut may fall inside a character, which has at most four bytes.
    cuts = [F.try_validate_utf8(F.substring(content, 1, MAX_DEAD_LETTER_BYTES - n).cast("string")) for n in range(4)]
    return F.when(is_text, F.coalesce(*cuts)).otherwise(F.base64(F.substring(content, 1, MAX_DEAD_LETTER_BYTES)))
