"""What a format is, and which one the settings name.

A format makes one row of each *unit* of a record: a line, a metric, an element of an array. `format_of` picks the one
of the settings, and no other module asks which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from pyspark.sql import DataFrame

from cpu_anomaly.formats.collectd import Collectd
from cpu_anomaly.formats.csv import Csv
from cpu_anomaly.formats.json_record import JsonRecord
from cpu_anomaly.formats.otlp import Otlp
from cpu_anomaly.formats.presets import FLUENT_BIT, METRICBEAT
from cpu_anomaly.formats.telegraf import Telegraf
from cpu_anomaly.settings import Settings


class Format(Protocol):
    """Built-in functions only, and never a sample from a record of another format."""

    def read(self, raw: DataFrame) -> DataFrame:
        """Columns in: those of the Kafka source, of which key, value and the two of the timestamp are used.

        One row per unit. Adds `time_millis` (bigint), `cpu` (double, percent), `series` (string, only if there are
        several) and `reason`: null, or why the unit cannot be read, one of `guard.REASONS`. `guard` judges the rest.
        """

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        """The rows of `read`, for the audit.

        Adds `line` (string), the unit's own bytes, and `line_number` from 0 (null in a record that is one unit).
        """


def format_of(settings: Settings) -> Format:
    if settings.input_format == "json":
        return JsonRecord.of(settings)
    return FORMATS[settings.input_format](settings.has_series)


# Those that need no more of the settings than whether there are several series.
FORMATS: Mapping[str, Callable[[bool], Format]] = {
    "csv": Csv,
    "telegraf": Telegraf,
    "otlp-json": Otlp,
    "metricbeat": partial(JsonRecord, METRICBEAT),
    "fluent-bit": partial(JsonRecord, FLUENT_BIT),
    "collectd": Collectd,
}
