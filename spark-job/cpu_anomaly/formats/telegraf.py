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

from cpu_anomaly.formats.json_text import field, is_certain_document, is_one_document, number, wrapped
from cpu_anomaly.formats.telegraf_usual import cut_out, read_cut
from cpu_anomaly.formats.text import (
    INTEGER,
    NOT_A_NUMBER,
    key_series,
    lines_of,
    one_row_per_unit,
    record_text,
    text_rejection,
    unfused,
)

TOTAL = "cpu-total"
COUNTERS = ("time_active", "time_idle")

# Escapes in names and tags, and the characters that stand for them while a line is cut; those are in no valid line.
ESCAPES = {"\\,": "\x01", "\\ ": "\x02", "\\=": "\x03"}
A_STRING = "\x04"
STAND_INS = r"[\x01-\x04]"
# Up to the first blank without a backslash before it: the measurement and the tags, in which a quote is a character.
HEAD = r"\A(?:[^ ]|(?<=\\) )*+"
# The value of a field. Possessive: `otlp_usual` says why.
STRING = r'(?<=[^\\]=)"[^"\\]*+(?:\\.[^"\\]*+)*+"(?=[, ])'
CREATE_TIME = 0
# Stands for the reason of a unit that is not of interest, until it is left out.
SKIPPED = "skipped"


@dataclass(frozen=True)
class Telegraf:
    """The series is the tag `host`."""

    has_series: bool

    def read(self, raw: DataFrame) -> DataFrame:
        """A usual record is not parsed: its `line` is null, and its values are those that were cut out."""
        text, is_usual = F.col("text"), F.col("is_usual")
        cut = read_cut(F.col("cut"), text, is_object(text))
        usual = {"time_millis": usual_millis(cut.time_text), "cpu": cut.cpu, "host": cut.host}
        parsed_values = {"time_millis": time_millis(), "cpu": cpu(), "host": F.col("host")}
        read = (
            raw.withColumn("text", record_text())
            .withColumn("cut", cut_out(text, is_object(text)))
            .withColumn("is_usual", cut.is_usual)
            .withColumns({f"usual_{name}": F.when(is_usual, value) for name, value in usual.items()})
            .withColumn("units", F.when(is_usual, F.array(F.lit(None))).otherwise(units_of(text)))
            .transform(one_row_per_unit("line"))
            .transform(parsed)
            .withColumns({name: F.coalesce(f"usual_{name}", value) for name, value in parsed_values.items()})
            .drop("text", "cut", *(f"usual_{name}" for name in usual))
        )
        return self._judged(read)

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        """All records are parsed."""
        exact = raw.withColumn("units", units_of(record_text())).transform(one_row_per_unit("line")).transform(parsed)
        values = {"time_millis": time_millis(), "cpu": cpu(), "is_usual": F.lit(False)}
        return self._judged(exact.withColumns(values))

    def _judged(self, read: DataFrame) -> DataFrame:
        judged = read.withColumn("reason", F.when(~is_plain(), unfused(rejection()))).filter(
            F.col("reason").isNull() | (F.col("reason") != SKIPPED)
        )
        if not self.has_series:
            return judged
        host = F.coalesce("host", key_series())
        return judged.withColumn("series", host)


def parsed(units: DataFrame) -> DataFrame:
    """Adds the columns of `values`, null where `line` is."""
    return (
        units.withColumns({"json": json_of(F.col("line")), "influx": influx_of(F.col("line"))})
        .withColumns(parts())
        .withColumns(values())
    )


def units_of(text: Column) -> Column:
    """The texts of a record's metrics. What cannot be cut is one unit, which will be refused.

    So is a record that is not UTF-8: cutting it would replace the bytes that show it.
    """
    is_json = is_object(text)
    metrics = F.from_json(text, "struct<metrics: array<string>>")["metrics"]
    is_batch = is_json & F.contains(text, F.lit('"metrics"')) & is_one_document(wrapped(text))
    batch = F.when(is_batch, metrics)
    units = F.when(is_json, F.coalesce(batch, F.array(text))).otherwise(lines_of(text))
    return F.when(F.is_valid_utf8(text), units).otherwise(F.array(text))


def is_object(text: Column) -> Column:
    return F.substring(text.cast("binary"), 1, 1) == F.lit(b"{")


def json_of(line: Column) -> Column:
    """A unit that is JSON; else null."""
    return F.when(is_object(line), line)


def influx_of(line: Column) -> Column:
    """A unit that is a line, with stand-ins for its escapes and strings; else null."""
    has_escapes = F.contains(line, F.lit("\\")) | F.contains(line, F.lit('"'))
    head = F.regexp_substr(line, F.lit(HEAD))
    rest = F.regexp_replace(F.substr(line, F.length(head) + 1), STRING, A_STRING)
    clean = F.concat(head, rest)
    for escape, stand_in in ESCAPES.items():
        clean = F.replace(clean, F.lit(escape), F.lit(stand_in))
    plain = F.when(~line.rlike(STAND_INS) & ~F.contains(rest, F.lit('"')), clean)
    return F.when(~is_object(line), F.when(has_escapes, plain).otherwise(line))


def parts() -> dict[str, Column]:
    """`head`: measurement and tags, each followed by a comma. `fields`: each after a comma. `stamp`: the last word."""
    influx, comma = F.col("influx"), F.lit(",")
    first_two = F.substring_index(influx, " ", 2)
    return {
        "head": F.concat(F.substring_index(influx, " ", 1), comma),
        "fields": F.concat(comma, F.substring_index(first_two, " ", -1)),
        "stamp": F.substring_index(influx, " ", -1),
    }


def values() -> dict[str, Column]:
    json, head, fields = F.col("json"), F.col("head"), F.col("fields")
    return {
        "name": F.coalesce(field(json, "$.name"), F.substring_index(head, ",", 1)),
        "core": F.coalesce(field(json, "$.tags.cpu"), value_after(head, ",cpu=")),
        "host": F.coalesce(field(json, "$.tags.host"), restored(value_after(head, ",host="))),
        "active": F.coalesce(field(json, "$.fields.usage_active"), value_after(fields, ",usage_active=")),
        "idle": F.coalesce(field(json, "$.fields.usage_idle"), value_after(fields, ",usage_idle=")),
        "time_text": F.coalesce(field(json, "$.timestamp"), F.col("stamp")),
        "is_json": json.isNotNull(),
    }


def value_after(text: Column, name: str) -> Column:
    """What stands between a name and the next comma; null if the text does not have the name."""
    after = F.substring_index(text, name, -1)
    return F.when(F.contains(text, F.lit(name)), F.substring_index(after, ",", 1))


def restored(text: Column) -> Column:
    """With the characters that were escaped."""
    return F.translate(text, "".join(ESCAPES.values()), "".join(escape[1] for escape in ESCAPES))


def time_millis() -> Column:
    """By the number of digits: nanoseconds, or in JSON the unit of `json_timestamp_units`."""
    text = F.col("time_text")
    as_number = text.try_cast("bigint")
    first_13 = F.substring(text, 1, 13).try_cast("bigint")

    def has_digits(count: int) -> Column:
        """Only digits: a number of fewer could have something beside them that the cast ignores."""
        return F.coalesce((F.octet_length(text) == count) & (as_number >= 10 ** (count - 1)), F.lit(False))

    is_json = F.col("is_json")
    is_in_json = has_digits(13) | has_digits(16)
    return F.when(has_digits(19) | (is_json & is_in_json), first_13).when(
        is_json & has_digits(10), millis_of_seconds(as_number)
    )


def usual_millis(digits: Column) -> Column:
    """Of a time that is known to be one of `time_millis`."""
    first_13 = F.substring(digits.cast("binary"), 1, 13).cast("string").try_cast("bigint")
    return F.when(F.octet_length(digits) == 10, millis_of_seconds(digits.try_cast("bigint"))).otherwise(first_13)


def millis_of_seconds(seconds: Column) -> Column:
    """JSON has whole seconds by default.

    The record's own timestamp is the metric's, with milliseconds, unless the topic stamps records when they arrive.
    """
    record_ms = F.unix_millis("timestamp")
    is_same_second = (F.col("timestampType") == CREATE_TIME) & (F.floor(record_ms / 1000) == seconds)
    return F.when(is_same_second, record_ms).otherwise(seconds * 1000)


def cpu() -> Column:
    """`usage_active` needs `report_active = true`; `usage_idle` is always there."""
    idle = 100.0 - number(F.col("idle"))
    return F.when(F.col("active").isNotNull(), number(F.col("active"))).otherwise(idle)


def is_plain() -> Column:
    """Fast path: true only for units that certainly are samples."""
    line = F.col("line")
    is_well_formed = is_certain_document(F.col("json")) | has_three_words()
    is_total = (F.col("name") == "cpu") & (F.col("core") == TOTAL)
    plain = (
        F.col("time_millis").isNotNull()
        & F.col("cpu").isNotNull()
        & (F.col("is_usual") | (is_total & is_well_formed & F.is_valid_utf8(line)))
    )
    return F.coalesce(plain, F.lit(False))


def has_three_words() -> Column:
    """True for a line of measurement and tags, fields, and a time. Two commas stand in for two blanks."""
    words = F.octet_length("head") + F.octet_length("fields") + F.octet_length("stamp")
    return F.coalesce(words == F.octet_length("influx"), F.lit(False))


def rejection() -> Column:
    """The complete rule: why a unit is not a sample, or SKIPPED, or null."""
    line, is_json = F.col("line"), F.col("json").isNotNull()
    usage = F.coalesce("active", "idle")
    is_broken = F.when(is_json, ~is_one_document(wrapped(F.col("json"))) | F.col("name").isNull()).otherwise(
        F.col("influx").isNull() | ~has_three_words()
    )
    return F.coalesce(
        text_rejection(line),
        F.when(is_broken, "malformed")
        .when(~of_interest(), SKIPPED)
        .when(usage.isNull() & has_counters(), "counter")
        .when(F.col("core").isNull() | usage.isNull(), "no_cpu")
        .when(F.col("time_text").isNull(), "no_time")
        .when(F.col("time_millis").isNull() & F.col("time_text").rlike(INTEGER), "timestamp_unit")
        .when(F.col("time_millis").isNull(), "bad_timestamp")
        .when(usage.rlike(NOT_A_NUMBER), "not_finite")
        .when(F.col("cpu").isNull(), "bad_cpu"),
    )


def of_interest() -> Column:
    """A metric without the tag `cpu` is, since it may be a total or not."""
    return F.coalesce((F.col("name") == "cpu") & ((F.col("core") == TOTAL) | F.col("core").isNull()), F.lit(False))


def has_counters() -> Column:
    """What the plugin `cpu` writes with `collect_cpu_time`: seconds since the machine's start."""
    in_json = F.coalesce(*(field(F.col("json"), f"$.fields.{name}") for name in COUNTERS)).isNotNull()
    in_line = F.col("fields").rlike(f",({'|'.join(COUNTERS)})=")
    return in_json | F.coalesce(in_line, F.lit(False))
