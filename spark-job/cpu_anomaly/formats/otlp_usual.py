"""A fast path for nearly all requests of the Collector: one host, one scrape, byte by byte as it writes them.

Its JSON has one order of fields, no whitespace, and escapes in few strings. One regular expression checks every byte of
such a request and cuts the idle points out of it, for a quarter of what parsing costs. It knows no request that it does
not see through: all others are parsed, and the tests compare both ways.

Every quantifier of a group is possessive: Java's others recurse for each repetition, until the stack overflows. Those
of characters are not, and not bounded: Java has a loop for them. (So a number of more than a thousand digits is read
here, which the parser would refuse.)
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.formats.text import NANOSECONDS

# ASCII without quote and backslash: valid UTF-8, and nothing that JSON escapes.
CHARACTER = r"""[\p{Print}&&[^"\\]]"""
STRING = rf'"{CHARACTER}*"'
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?+(?:e[+-][0-9]{2,3})?+"
# From 0 to 1.
SHARE = r"(?:0(?:\.[0-9]+)?+|[1-9](?:\.[0-9]+)?+e-[0-9]{2}|1)"


def several(object_: str) -> str:
    """One or more objects of an array, which the pattern names once: Spark compares it whole for every record."""
    return rf"(?:{object_}(?:,(?=\{{)|(?=\])))++"


TEXT = rf'\{{"stringValue":{STRING}\}}'
VALUE = (
    rf'\{{"(?:(?:string|int)Value":{STRING}|boolValue":(?:true|false)|'
    rf'arrayValue":\{{"values":\[{several(TEXT)}\]\}})\}}'
)
HOST = rf'\{{"key":"host\.name","value":\{{"stringValue":"({CHARACTER}+")\}}\}}'
ANY = rf'\{{"key":{STRING},"value":{VALUE}\}}'
OTHER = rf'(?!\{{"key":"host\.name"){ANY}'
SCHEMA_URL = rf'(?:,"schemaUrl":{STRING})?+'


def metric(name: str, data: str) -> str:
    return rf'\{{"name":{name}(?:,"description":{STRING})?+(?:,"unit":{STRING})?+,"{data}'


# `system.cpu.time` comes first, unless it is switched off.
NUMBER_POINT = (
    rf'\{{(?:"attributes":\[{several(ANY)}\],)?+(?:"startTimeUnixNano":"[0-9]+",)?+"timeUnixNano":"[0-9]+",'
    rf'"as(?:Double":{NUMBER}|Int":"-?[0-9]+")\}}'
)
OTHER_METRIC = metric(
    rf'(?!"system\.cpu\.utilization"){STRING}',
    rf'(?:sum|gauge)":\{{"dataPoints":\[{several(NUMBER_POINT)}\]'
    r'(?:,"aggregationTemporality":[0-9])?+(?:,"isMonotonic":true)?+\}\}',
)


def head(attributes: str) -> str:
    return (
        rf'\{{"resourceMetrics":\[\{{"resource":\{{{attributes}\}},"scopeMetrics":\[\{{'
        rf'(?:"scope":\{{(?:"name":{STRING}(?:,"version":{STRING})?+)?+\}},)?+'
        rf'"metrics":\[(?:{OTHER_METRIC},)*+' + metric(r'"system\.cpu\.utilization"', r'gauge":\{"dataPoints":\[')
    )


# Of cores and states: a character takes one check, where those of STRING take several.
WORD = r'"\w*"'

# All points of the metric begin like this: the state comes next.
POINT_HEAD = (
    rf'\{{"attributes":\[(?:\{{"key":"cpu","value":\{{"stringValue":{WORD}\}}\}},)?+'
    r'\{"key":"state","value":\{"stringValue":'
)


def point_tail(state: str, time: str, value: str) -> str:
    return rf'{state}\}}\}}\],(?:"startTimeUnixNano":"[0-9]+",)?+"timeUnixNano":"{time}","asDouble":{value}\}}'


IDLE = point_tail('"idle"', f"({NANOSECONDS})", f"({SHARE})")
BUSY = point_tail(f'(?!"idle"){WORD}', "[0-9]+", NUMBER)
END = rf"\}}\}}\]{SCHEMA_URL}\}}\]{SCHEMA_URL}\}}\]\}}\z"

NO_HOST = rf'()(?:"attributes":\[{several(ANY)}\])?+'
WITH_HOST = rf'"attributes":\[(?:{OTHER},)*+{HOST}(?:,{OTHER})*+\]'

# Most hosts have at most so many cores.
FEW = 16

# A cut is the host and a quote (nothing without a host), then a line per idle point, then one of a bracket and neither
# time nor share if other points come last, then what is not cut out.
LINE = "$1$2\t$3$4\n"
TIME_BYTES = 19


def cuts(attributes: str) -> str:
    r"""Each match continues where the last one ended (`\G`), and the rest is further points or the end of a request.

    So what is not cut out begins with a comma, or it is the end, or it is the whole text.
    """
    first = rf"\G(?:\A{head(attributes)}|(?!\A),){POINT_HEAD}(?:{BUSY},{POINT_HEAD})*+"
    return rf"{first}(?:{IDLE}(?=,|\]{END})|{BUSY}(?=(\]){END}))"


def usual(text: Column, has_series: bool) -> Column:
    return F.regexp_replace(text, cuts(WITH_HOST if has_series else NO_HOST), LINE)


def without_time(cut: Column) -> Column:
    """A cut without all times that equal its first."""
    return F.replace(cut, F.concat(time_text(cut), F.lit("\t")), F.lit(""))


def lines_of_usual(bare: Column) -> Column:
    """Of a cut without times: a share per idle point, the first one after the host, and the rest."""
    return F.split(bare, "\n")


def looks_usual(text: Column, cut: Column, bare: Column, lines: Column) -> Column:
    """True if `usual` has cut all of a request that holds one scrape: all lines have the time of the first.

    A regular expression with a back reference says so too, but then all of the reading takes a quarter longer.
    """
    is_cut = F.octet_length(cut) < F.octet_length(text)
    ends = F.startswith(F.get(lines, F.size(lines) - 1), F.lit("]"))
    bytes_of_times = F.octet_length(cut) - F.octet_length(bare)
    return F.coalesce(is_cut & ends & (bytes_of_times == (TIME_BYTES + 1) * count_of_usual(lines)), F.lit(False))


def time_text(cut: Column) -> Column:
    """That of the first idle point, in nanoseconds; anything for what is not usual."""
    return F.substring(F.substring_index(cut, "\t", 1).cast("binary"), -TIME_BYTES, TIME_BYTES).cast("string")


def time_of_usual(cut: Column, lines: Column) -> Column:
    """In milliseconds; anything for what is not usual."""
    millis = F.substring(time_text(cut).cast("binary"), 1, 13).cast("string")
    return F.when(has_points(lines), millis).try_cast("bigint")


def series_of_usual(cut: Column) -> Column:
    return F.substring_index(cut, '"', 1)


def count_of_usual(lines: Column) -> Column:
    """Number of idle points."""
    has_others_last = F.coalesce(F.endswith(F.get(lines, F.size(lines) - 2), F.lit("]")), F.lit(False))
    return F.size(lines) - 1 - has_others_last.cast("int")


def has_points(lines: Column) -> Column:
    """False if nothing was cut. Then nothing is cast: of what is no number, that would cost more than parsing."""
    return F.size(lines) > 1


def first_share(lines: Column) -> Column:
    return F.when(has_points(lines), F.substring_index(F.get(lines, F.lit(0)), '"', -1)).try_cast("double")


def further_shares(lines: Column) -> Column:
    return F.slice(lines, F.lit(2), F.greatest(count_of_usual(lines) - 1, F.lit(0))).try_cast("array<double>")


def shares_of_usual(lines: Column) -> Column:
    """The idle shares."""
    return F.concat(F.array(first_share(lines)), further_shares(lines))


def has_few(lines: Column) -> Column:
    return count_of_usual(lines) <= FEW


def few_shares(lines: Column) -> list[Column]:
    """The idle shares of a cut that `has_few`, and zeros."""
    # Not within F.when: Spark would cast all of them for each.
    further = further_shares(lines)
    return [first_share(lines), *(F.coalesce(F.get(further, F.lit(nth)), F.lit(0.0)) for nth in range(FEW - 1))]
