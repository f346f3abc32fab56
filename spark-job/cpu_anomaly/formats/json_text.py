"""Fields of JSON texts: paths, numbers and times. What is not beyond doubt a number or a time becomes null."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.formats.text import DECIMAL, looks_decimal

TimeUnit = Literal["iso", "s", "ms", "us", "ns"]

# From September 2001 to November 2286, a time has so many digits.
DIGITS: dict[TimeUnit, int] = {"s": 10, "ms": 13, "us": 16, "ns": 19}
ISO_TIME = r"\A\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d{1,9})?([Zz]|[+-]\d\d:?\d\d)?\z"
ONE_DOCUMENT = r"(?s)\A\[\s*(\{.*\}|\[.*\])\s*\]\z"
# Possessive: `otlp_usual` says why.
STRING = r'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"'
# For `from_json`, which otherwise reads more than JSON.
STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
HAS_ZONE = r"([Zz]|[+-]\d\d:?\d\d)\z"


def wrapped(text: Column) -> Column:
    """The text as the only element of a JSON array.

    `get_json_object` does not look at what follows the root. In the array, something that follows makes it a broken
    array, or one of several elements: `is_one_document` tells.
    """
    return F.concat(F.lit("["), text, F.lit("]"))


def field(json: Column, path: str) -> Column:
    """The value at a path as text; null if there is none.

    Of broken JSON, a value that is before the fault may be found. Spark reads all such fields of a projection in one
    pass, unless a path has an index.
    """
    return F.get_json_object(json, path)


def is_one_document(json: Column) -> Column:
    """True if `wrapped` holds one well-formed document, which is an object or an array.

    A text could close the array and open another, as `{}],[{}` does. Then one more element at the end is not counted.
    """
    all_but_bracket = F.substring(json.cast("binary"), F.lit(1), F.octet_length(json) - 1).cast("string")
    with_another = F.concat(all_but_bracket, F.lit(",0]"))
    is_one = (F.json_array_length(json) == 1) & (F.json_array_length(with_another) == 2)
    return F.coalesce(is_one & json.rlike(ONE_DOCUMENT) & ~has_single_quotes(json), F.lit(False))


def has_single_quotes(json: Column) -> Column:
    """Around a string: Spark's parser takes them for quotes. In a string they are characters."""
    return F.contains(json, F.lit("'")) & F.contains(F.regexp_replace(json, STRING, ""), F.lit("'"))


def is_certain_document(text: Column) -> Column:
    """True only for a text that is one well-formed JSON object, which nearly all that are, are found to be.

    It cannot close the array of `wrapped`. Others, with whitespace around, an array or an apostrophe within, may be one
    document too.
    """
    octets = text.cast("binary")
    is_object = (F.substring(octets, 1, 1) == F.lit(b"{")) & (F.substring(octets, -1, 1) == F.lit(b"}"))
    may_differ = F.contains(text, F.lit("]")) | F.contains(text, F.lit("'"))
    return is_object & ~may_differ & (F.json_array_length(wrapped(text)) == 1)


def number(text: Column) -> Column:
    """A decimal number as a double; null if it is not one. Too large a number is infinite."""
    return F.when(looks_decimal(text) | text.rlike(DECIMAL), text.try_cast("double"))


def millis(text: Column, unit: TimeUnit) -> Column:
    """A time as milliseconds since 1970, rounded down; null if it is not one."""
    if unit == "iso":
        return iso_millis(text)
    digits = DIGITS[unit]
    is_plain = (F.octet_length(text) == digits) & (text.try_cast("bigint") >= 10 ** (digits - 1))
    plain = text.try_cast("bigint") * 1000 if unit == "s" else F.substring(text, 1, 13).try_cast("bigint")
    return F.when(is_plain, plain).when(text.rlike(DECIMAL), exact_millis(text, unit))


def exact_millis(text: Column, unit: TimeUnit) -> Column:
    """Of any decimal number."""
    given = text.try_cast("decimal(38,9)")
    in_millis = {
        "s": F.try_multiply(given, F.lit(Decimal(1000))),
        "ms": given,
        "us": F.try_divide(given, F.lit(Decimal(1000))),
        "ns": F.try_divide(given, F.lit(Decimal(1_000_000))),
    }[unit]
    return F.floor(in_millis).try_cast("bigint")


def iso_millis(text: Column) -> Column:
    """A date and a time by ISO 8601; in UTC if it names no zone."""
    with_point = F.replace(text, F.lit(","), F.lit("."))
    zoned = F.when(text.rlike(HAS_ZONE), with_point).otherwise(F.concat(with_point, F.lit("Z")))
    return F.when(text.rlike(ISO_TIME), F.unix_millis(zoned.try_cast("timestamp")))
