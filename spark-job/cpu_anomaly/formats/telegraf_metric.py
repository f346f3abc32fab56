r"""One metric of Telegraf, a line or a document, as the fields of METRIC.

All of it is evaluated within a lambda, as `with_fields` says: rarely does a record of interest need it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_text import STRICT, is_certain_document, is_one_document, number, wrapped
from cpu_anomaly.formats.text import INTEGER, NOT_A_NUMBER, text_rejection
from cpu_anomaly.formats.units import with_fields, with_value

METRIC = "struct<line: string, time_millis: bigint, cpu: double, series: string, reason: string>"

TOTAL = "cpu-total"
COUNTERS = ("time_active", "time_idle")
DOCUMENT = (
    "struct<name: string, tags: struct<cpu: string, host: string>, fields: struct<usage_active: string,"
    f" usage_idle: string, {', '.join(f'{name}: string' for name in COUNTERS)}>, timestamp: string>"
)

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


def metric_of(text: Column) -> Column:
    metric = with_fields(F.struct(text.alias("line")), kinds, parts, values, numbers)
    return with_value(
        metric,
        lambda metric: F.struct(
            *(metric[name].alias(name) for name in ("line", "time_millis", "cpu")),
            metric["host"].alias("series"),
            F.when(~is_plain(metric), rejection(metric)).alias("reason"),
        ),
    )


def is_object(text: Column) -> Column:
    return F.substring(text.cast("binary"), 1, 1) == F.lit(b"{")


def kinds(metric: Column) -> Mapping[str, Column]:
    """`json` and `document`, or `influx`: a line with stand-ins for escapes and strings. What it is not is null."""
    line = metric["line"]
    json = F.when(is_object(line), line)
    return {"json": json, "document": F.from_json(json, DOCUMENT, STRICT), "influx": influx_of(line)}


def influx_of(line: Column) -> Column:
    has_escapes = F.contains(line, F.lit("\\")) | F.contains(line, F.lit('"'))
    head = F.regexp_substr(line, F.lit(HEAD))
    rest = F.regexp_replace(F.substr(line, F.length(head) + 1), STRING, A_STRING)
    clean = F.concat(head, rest)
    for escape, stand_in in ESCAPES.items():
        clean = F.replace(clean, F.lit(escape), F.lit(stand_in))
    plain = F.when(~line.rlike(STAND_INS) & ~F.contains(rest, F.lit('"')), clean)
    return F.when(~is_object(line), F.when(has_escapes, plain).otherwise(line))


def parts(metric: Column) -> Mapping[str, Column]:
    """`head`: measurement and tags, each followed by a comma. `fields`: each after a comma. `stamp`: the last word."""
    influx, comma = metric["influx"], F.lit(",")
    first_two = F.substring_index(influx, " ", 2)
    return {
        "head": F.concat(F.substring_index(influx, " ", 1), comma),
        "fields": F.concat(comma, F.substring_index(first_two, " ", -1)),
        "stamp": F.substring_index(influx, " ", -1),
    }


def values(metric: Column) -> Mapping[str, Column]:
    document, head, fields = metric["document"], metric["head"], metric["fields"]
    return {
        "name": F.coalesce(document["name"], F.substring_index(head, ",", 1)),
        "core": F.coalesce(document["tags"]["cpu"], value_after(head, ",cpu=")),
        "host": F.coalesce(document["tags"]["host"], restored(value_after(head, ",host="))),
        "active": F.coalesce(document["fields"]["usage_active"], value_after(fields, ",usage_active=")),
        "idle": F.coalesce(document["fields"]["usage_idle"], value_after(fields, ",usage_idle=")),
        "time_text": F.coalesce(document["timestamp"], metric["stamp"]),
    }


def value_after(text: Column, name: str) -> Column:
    """What stands between a name and the next comma; null if the text does not have the name."""
    after = F.substring_index(text, name, -1)
    return F.when(F.contains(text, F.lit(name)), F.substring_index(after, ",", 1))


def restored(text: Column) -> Column:
    """With the characters that were escaped."""
    return F.translate(text, "".join(ESCAPES.values()), "".join(escape[1] for escape in ESCAPES))


def numbers(metric: Column) -> Mapping[str, Column]:
    return {"time_millis": time_millis(metric), "cpu": cpu(metric)}


def time_millis(metric: Column) -> Column:
    """By the number of digits: nanoseconds, or in JSON the unit of `json_timestamp_units`."""
    text, is_json = metric["time_text"], metric["json"].isNotNull()
    as_number = text.try_cast("bigint")
    first_13 = F.substring(text, 1, 13).try_cast("bigint")

    def has_digits(count: int) -> Column:
        """Only digits: a number of fewer could have something beside them that the cast ignores."""
        return F.coalesce((F.octet_length(text) == count) & (as_number >= 10 ** (count - 1)), F.lit(False))

    is_in_json = has_digits(13) | has_digits(16)
    return F.when(has_digits(19) | (is_json & is_in_json), first_13).when(
        is_json & has_digits(10), millis_of_seconds(as_number)
    )


def millis_of_seconds(seconds: Column) -> Column:
    """JSON has whole seconds by default.

    The record's own timestamp is the metric's, with milliseconds, unless the topic stamps records when they arrive.
    """
    record_ms = F.unix_millis("timestamp")
    is_same_second = (F.col("timestampType") == CREATE_TIME) & (F.floor(record_ms / 1000) == seconds)
    return F.when(is_same_second, record_ms).otherwise(seconds * 1000)


def cpu(metric: Column) -> Column:
    """`usage_active` needs `report_active = true`; `usage_idle` is always there."""
    idle = 100.0 - number(metric["idle"])
    return F.when(metric["active"].isNotNull(), number(metric["active"])).otherwise(idle)


def is_plain(metric: Column) -> Column:
    """Fast path: true only for metrics that certainly are samples."""
    is_well_formed = is_certain_document(metric["json"]) | has_three_words(metric)
    plain = (
        metric["time_millis"].isNotNull()
        & metric["cpu"].isNotNull()
        & (metric["name"] == "cpu")
        & (metric["core"] == TOTAL)
        & is_well_formed
        & F.is_valid_utf8(metric["line"])
    )
    return F.coalesce(plain, F.lit(False))


def has_three_words(metric: Column) -> Column:
    """True for a line of measurement and tags, fields, and a time. Two commas stand in for two blanks."""
    words = sum((F.octet_length(metric[name]) for name in ("fields", "stamp")), F.octet_length(metric["head"]))
    return F.coalesce(words == F.octet_length(metric["influx"]), F.lit(False))


def rejection(metric: Column) -> Column:
    """The complete rule: why a metric is not a sample, or SKIPPED, or null."""
    usage = F.coalesce(metric["active"], metric["idle"])
    return F.coalesce(
        text_rejection(metric["line"]),
        F.when(is_broken(metric), "malformed")
        .when(~of_interest(metric), SKIPPED)
        .when(usage.isNull() & has_counters(metric), "counter")
        .when(metric["core"].isNull() | usage.isNull(), "no_cpu")
        .when(metric["time_text"].isNull(), "no_time")
        .when(metric["time_millis"].isNull() & metric["time_text"].rlike(INTEGER), "timestamp_unit")
        .when(metric["time_millis"].isNull(), "bad_timestamp")
        .when(usage.rlike(NOT_A_NUMBER), "not_finite")
        .when(metric["cpu"].isNull(), "bad_cpu"),
    )


def is_broken(metric: Column) -> Column:
    is_no_metric = ~is_one_document(wrapped(metric["json"])) | metric["name"].isNull()
    return F.when(metric["json"].isNotNull(), is_no_metric).otherwise(
        metric["influx"].isNull() | ~has_three_words(metric)
    )


def of_interest(metric: Column) -> Column:
    """A metric without the tag `cpu` is, since it may be a total or not."""
    is_total = (metric["core"] == TOTAL) | metric["core"].isNull()
    return F.coalesce((metric["name"] == "cpu") & is_total, F.lit(False))


def has_counters(metric: Column) -> Column:
    """What the plugin `cpu` writes with `collect_cpu_time`: seconds since the machine's start."""
    in_json = F.coalesce(*(metric["document"]["fields"][name] for name in COUNTERS)).isNotNull()
    in_line = metric["fields"].rlike(f",({'|'.join(COUNTERS)})=")
    return in_json | F.coalesce(in_line, F.lit(False))
