r"""A fast path for nearly all metrics of interest: one per record, byte by byte as Telegraf writes it.

One regular expression checks every byte of such a record and cuts what is of interest out of it, for a third of what
parsing costs. It knows no record that it does not see through: all others are parsed, and the tests compare both ways.

Every quantifier of a group is possessive: see `otlp_usual`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?+"

# Tags and other fields in any order, the two fields of interest in any place. A name or value that needs an escape is
# not usual, nor is a field that is text.
TAG = r"(?!(?:cpu|host)=)[a-zA-Z_][\w.-]*+=[\w.:/-]++"
LINE_FIELD = (
    rf"(?:usage_active=({NUMBER})|usage_idle=({NUMBER})|(?!usage_(?:active|idle)=)[a-zA-Z_]\w*+={NUMBER}[iu]?+)"
)
LINE = (
    rf"\Acpu(?:,{TAG})*+,cpu=cpu-total(?:,{TAG})*+(?:,host=([\w.:/-]++))?+(?:,{TAG})*+ "
    rf"(?:{LINE_FIELD}(?:,(?! )|(?= )))++ ([1-9][0-9]{{18}})\n?\z"
)
LINE_CUT = "$4\t$1\t$2\t$3"

# Text is ASCII that JSON does not escape.
TEXT = r'"[ !#-\[\]-~]*+"'
PAIR = rf'"(?!(?:cpu|host)")[\w.-]++":{TEXT}'
JSON_FIELD = rf'(?:"usage_active":({NUMBER})|"usage_idle":({NUMBER})|"(?!usage_(?:active|idle)")\w++":{NUMBER})'
DOCUMENT = (
    rf'\A\{{"fields":\{{(?:{JSON_FIELD}(?:,(?!\}})|(?=\}})))++\}},"name":"cpu","tags":'
    rf'\{{(?:{PAIR},)*+"cpu":"cpu-total"(?:,{PAIR})*+(?:,"host":"([ !#-\[\]-~]++)")?+(?:,{PAIR})*+\}},'
    r'"timestamp":([1-9][0-9]{9}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?+)\}\n?\z'
)
DOCUMENT_CUT = "$4\t$3\t$1\t$2"


@dataclass(frozen=True)
class Cut:
    """What is of interest in a usual record. A text is null if the record does not have it."""

    is_usual: Column
    time_text: Column
    host: Column
    active: Column
    idle: Column


def cut_out(text: Column, is_json: Column) -> Column:
    """Four texts, each but the last followed by a tab; the whole text if it is not usual."""
    return F.when(is_json, F.regexp_replace(text, DOCUMENT, DOCUMENT_CUT)).otherwise(
        F.regexp_replace(text, LINE, LINE_CUT)
    )


def read_cut(cut: Column, text: Column) -> Cut:
    is_cut = F.octet_length(cut) < F.octet_length(text)
    has_usage = ~F.endswith(cut, F.lit("\t\t"))

    def part(number: int) -> Column:
        found = F.substring_index(F.substring_index(cut, "\t", number), "\t", -1)
        return F.when(found != "", found)

    return Cut(F.coalesce(is_cut & has_usage, F.lit(False)), part(1), part(2), part(3), part(4))
