r"""What Telegraf writes: metrics in Influx line protocol, its default, or as JSON.

https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ and Telegraf's serializers `influx` and `json`.
A record that begins with `{` is JSON: a metric, or `{"metrics": [...]}`. Any other has a metric per line.

Only the measurement `cpu` with the tag `cpu=cpu-total` is of interest; other measurements and single cores are no
units. Of a line, the time and the field and tags of interest are checked, and that it ends in a time; other fields
are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_text import is_one_document, wrapped
from cpu_anomaly.formats.telegraf_metric import METRIC, SKIPPED, is_object, metric_of, millis_of_seconds
from cpu_anomaly.formats.telegraf_usual import cut_out, is_other, read_cut
from cpu_anomaly.formats.text import key_series, lines_of, record_text
from cpu_anomaly.formats.units import one_row_per_unit, usual_or_parsed


@dataclass(frozen=True)
class Telegraf:
    """The series is the tag `host`."""

    has_series: bool

    def read(self, raw: DataFrame) -> DataFrame:
        text = F.col("text")
        cut = read_cut(F.col("cut"), text, is_object(text))
        usual = {"time_millis": usual_millis(cut.time_text), "cpu": cut.cpu}
        if self.has_series:
            usual["series"] = cut.host
        # Not of others, of which it would cost more than parsing them: a cast of what is no number throws.
        usual = {name: F.when(F.col("is_usual"), value) for name, value in usual.items()}
        read = (
            raw.withColumn("text", record_text())
            .withColumn("cut", cut_out(text, is_object(text)))
            .withColumn("is_usual", cut.is_usual)
            .transform(usual_or_parsed(usual, {"text": text}, metrics_of_interest(text), METRIC))
            .withColumn("reason", F.col("unit.reason"))
            .drop("cut", "is_usual", "unit", "line_number")
        )
        return self._of_interest(read)

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        """All records are parsed."""
        units = F.transform(texts_of(record_text()), metric_of)
        parsed = raw.withColumn("units", units).transform(one_row_per_unit("unit"))
        return self._of_interest(parsed.select("*", "unit.*").drop("unit"))

    def _of_interest(self, read: DataFrame) -> DataFrame:
        judged = read.filter(F.col("reason").isNull() | (F.col("reason") != SKIPPED))
        return judged.withColumn("series", F.coalesce("series", key_series())) if self.has_series else judged


def metrics_of_interest(text: Column) -> Column:
    """None if the record is well-formed and usual, but of something else; else all, SKIPPED ones too."""
    none = F.array().cast(f"array<{METRIC}>")
    return F.when(is_other(text, is_object(text)), none).otherwise(F.transform(texts_of(text), metric_of))


def texts_of(text: Column) -> Column:
    """The texts of a record's metrics. What cannot be cut is one unit, which will be refused.

    So is a record that is not UTF-8: cutting it would replace the bytes that show it.
    """
    is_json = is_object(text)
    metrics = F.from_json(text, "struct<metrics: array<string>>")["metrics"]
    is_batch = is_json & F.contains(text, F.lit('"metrics"')) & is_one_document(wrapped(text))
    batch = F.when(is_batch, metrics)
    texts = F.when(is_json, F.coalesce(batch, F.array(text))).otherwise(lines_of(text))
    return F.when(F.is_valid_utf8(text), texts).otherwise(F.array(text))


def usual_millis(digits: Column) -> Column:
    """Of a time that is known to be one of `telegraf_metric.time_millis`."""
    first_13 = F.substring(digits.cast("binary"), 1, 13).cast("string").try_cast("bigint")
    return F.when(F.octet_length(digits) == 10, millis_of_seconds(digits.try_cast("bigint"))).otherwise(first_13)
