"""Dead letters."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import JSON_OPTIONS
from cpu_anomaly.source import prefixed

MAX_DEAD_LETTER_BYTES = 256


def dead_letters(judged: DataFrame) -> DataFrame:
    """Key and value of the dead letters; the key says where the record lies, so writing one twice does no harm."""
    where = F.concat_ws("|", "topic", "partition", "offset", "line_number")
    # Of a record of one line the whole value, whatever ends it.
    value = F.when(F.col("line_number").isNull(), F.col("value")).otherwise(F.col("line").cast("binary"))
    length = F.octet_length(value)
    is_text = F.is_valid_utf8(value.cast("string"))
    # A cut may fall into a character, which has at most four bytes.
    cuts = [F.try_validate_utf8(F.substring(value, 1, MAX_DEAD_LETTER_BYTES - n).cast("string")) for n in range(4)]
    shown = F.when(is_text, F.coalesce(*cuts)).otherwise(F.base64(F.substring(value, 1, MAX_DEAD_LETTER_BYTES)))
    letter = F.struct(
        "reason",
        "topic",
        "partition",
        "offset",
        F.col("line_number").alias("line"),
        "timestamp",
        shown.alias("value"),
        F.when(~is_text, "base64").alias("encoding"),
        length.alias("length"),
        (length > MAX_DEAD_LETTER_BYTES).alias("truncated"),
    )
    return judged.filter(F.col("reason").isNotNull()).select(
        where.alias("key"), F.to_json(letter, JSON_OPTIONS).alias("value")
    )


def write_dead_letters(judged: DataFrame, settings: Settings, client: Mapping[str, str]) -> None:
    (
        dead_letters(judged)
        .write.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.dead_letter_topic)
        .save()
    )
