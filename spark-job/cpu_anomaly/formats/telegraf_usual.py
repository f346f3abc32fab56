r"""A fast path for nearly all metrics of interest: one per record, byte by byte as Telegraf writes it.

One regular expression checks every byte of such a record and cuts what is of interest out of it, for a third of what
parsing costs. It knows no record that it does not see through: all others are parsed, and the tests compare both ways.

Every quantifier of a group is possessive: see `otlp_usual`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.formats.text import NANOSECONDS, PLAIN_TEXT
from cpu_anomaly.formats.text import PLAIN_NUMBER as NUMBER

# Tags and other fields in any order, the two fields of interest in any place. A name or value that needs an escape is
# not usual, nor is a field that is text.
TAG = r"(?!(?:cpu|host)=)[a-zA-Z_][\w.-]*+=[\w.:/-]++"
LINE_FIELD = (
    rf"(?:usage_active=({NUMBER})|usage_idle=({NUMBER})|(?!usage_(?:active|idle)=)[a-zA-Z_]\w*+={NUMBER}[iu]?+)"
)
LINE = (
    rf"\Acpu(?:,{TAG})*+,cpu=cpu-total(?:,{TAG})*+(?:,host=([\w.:/-]++))?+(?:,{TAG})*+ "
    rf"(?:{LINE_FIELD}(?:,(?! )|(?= )))++ ({NANOSECONDS})\n?\z"
)
# A cut: the digits of the time, the active and the idle share, and the host, between tabs. The last three may be empty.
LINE_DIGITS = 19
LINE_CUT = "$4\t$2\t$3\t$1"

TEXT = f'"{PLAIN_TEXT}"'
PAIR = rf'"(?!(?:cpu|host)")[\w.-]++":{TEXT}'
JSON_FIELD = rf'(?:"usage_active":({NUMBER})|"usage_idle":({NUMBER})|"(?!usage_(?:active|idle)")\w++":{NUMBER})'
DOCUMENT = (
    rf'\A\{{"fields":\{{(?:{JSON_FIELD}(?:,(?!\}})|(?=\}})))++\}},"name":"cpu","tags":'
    rf'\{{(?:{PAIR},)*+"cpu":"cpu-total"(?:,{PAIR})*+(?:,"host":"([ !#-\[\]-~]++)")?+(?:,{PAIR})*+\}},'
    rf'"timestamp":({NANOSECONDS}|[1-9][0-9]{{9}}(?:[0-9]{{6}}|[0-9]{{3}})?+)\}}\n?\z'
)
DOCUMENT_CUT = "$4\t$1\t$2\t$3"

# Nearly all records of a topic with all that Telegraf collects: another measurement or a single core, one per record.
ANY_TAG = r"(?!cpu=)[a-zA-Z_][\w.-]*+=[\w.:/-]++"
MEASUREMENT = rf"(?!cpu[, ])[a-zA-Z_][\w.-]*+(?:,{ANY_TAG})*+"
CORE = rf"cpu(?:,{ANY_TAG})*+,cpu=(?!cpu-total[, ])[\w.:/-]++(?:,{ANY_TAG})*+"
ANY_FIELD = rf"[a-zA-Z_]\w*+=(?:{NUMBER}[iu]?+|true|false|{TEXT})"
OTHER_LINE = rf"\A(?:{MEASUREMENT}|{CORE}) {ANY_FIELD}(?:,{ANY_FIELD})*+ {NANOSECONDS}\n?\z"

ANY_JSON_FIELD = rf'"[\w.-]++":(?:{NUMBER}|true|false|{TEXT})'
ANY_PAIR = rf'"(?!cpu")[\w.-]++":{TEXT}'
TAGS = rf"(?:{ANY_PAIR}(?:,{ANY_PAIR})*+)?+"
TAGS_OF_CORE = rf'(?:{ANY_PAIR},)*+"cpu":(?!"cpu-total"){TEXT}(?:,{ANY_PAIR})*+'
OTHER_DOCUMENT = (
    rf'\A\{{"fields":\{{{ANY_JSON_FIELD}(?:,{ANY_JSON_FIELD})*+\}},"name":'
    rf'(?:(?!"cpu"){TEXT},"tags":\{{{TAGS}\}}|"cpu","tags":\{{{TAGS_OF_CORE}\}}),"timestamp":[1-9][0-9]*+\}}\n?\z'
)


@dataclass(frozen=True)
class Cut:
    """What is of interest in a usual record; undefined for another."""

    is_usual: Column
    time_text: Column
    cpu: Column
    # Null if the record has none.
    host: Column


def cut_out(text: Column, is_json: Column) -> Column:
    """The cut; the whole text if it is not usual."""
    return F.when(is_json, F.regexp_replace(text, DOCUMENT, DOCUMENT_CUT)).otherwise(
        F.regexp_replace(text, LINE, LINE_CUT)
    )


def is_other(text: Column, is_json: Column) -> Column:
    """True only for a record that is certainly well-formed and of no interest."""
    return F.coalesce(F.when(is_json, text.rlike(OTHER_DOCUMENT)).otherwise(text.rlike(OTHER_LINE)), F.lit(False))


def read_cut(cut: Column, text: Column, is_json: Column) -> Cut:
    """By positions as far as they are known: to search for a separator costs more than all else here."""
    octets = cut.cast("binary")
    digits = F.when(is_json, F.octet_length(F.substring_index(cut, "\t", 1))).otherwise(LINE_DIGITS)
    values = F.substring(octets, digits + 2, F.octet_length(octets)).cast("string")
    active, host = F.substring_index(values, "\t", 1), F.substring_index(values, "\t", -1)
    idle = F.substring_index(F.substring_index(values, "\t", 2), "\t", -1).try_cast("double")
    has_usage = ~F.startswith(values, F.lit("\t\t"))
    return Cut(
        F.coalesce((F.octet_length(cut) < F.octet_length(text)) & has_usage, F.lit(False)),
        F.substring(octets, F.lit(1), digits).cast("string"),
        F.when(active == "", 100.0 - idle).otherwise(active.try_cast("double")),
        F.when(host != "", host),
    )
