"""A JSON document per record, whose fields are found by paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_text import (
    TimeUnit,
    field,
    is_certain_document,
    is_one_document,
    millis,
    number,
    wrapped,
)
from cpu_anomaly.formats.json_usual import cutter_of, is_cut
from cpu_anomaly.formats.text import NOT_A_NUMBER, key_series, record_text, text_rejection
from cpu_anomaly.settings import Settings

PERCENT = 100.0
# Reasons why a record has no fields.
OF_NO_DOCUMENT = ("empty", "too_long", "not_utf8", "malformed")


@dataclass(frozen=True)
class Cpu:
    """Where the CPU usage is, what makes it percent, and the path of a number to divide it by, if any."""

    path: str
    factor: float
    per: str | None = None


@dataclass(frozen=True)
class Paths:
    """`time` is None where the record's own timestamp is the time. The first unit that fits counts.

    The first `cpu` that a record has counts. A record without `subject` is about something else, and no unit.
    """

    time: str | None
    time_units: tuple[TimeUnit, ...]
    cpu: tuple[Cpu, ...]
    series: str | None
    subject: str | None = None


@dataclass(frozen=True)
class JsonRecord:
    paths: Paths
    has_series: bool

    @staticmethod
    def of(settings: Settings) -> JsonRecord:
        unit = settings.input_time_unit
        cpu = Cpu(settings.input_cpu or "$", PERCENT if settings.input_cpu_unit == "fraction" else 1.0)
        time = settings.input_time or "$"
        paths = (
            Paths(None, (), (cpu,), settings.input_series)
            if unit == "record"
            else Paths(time, (unit,), (cpu,), settings.input_series)
        )
        return JsonRecord(paths, settings.has_series)

    def read(self, raw: DataFrame) -> DataFrame:
        judged = (
            raw.withColumn("text", record_text())
            .transform(self._with_fields)
            .withColumns({"time_millis": self._time_millis(), "cpu": self._cpu()})
            .withColumn("reason", F.when(~is_plain(), self._rejection()))
        )
        if self.paths.subject is not None:
            is_about_cpu = F.col("subject").isNotNull() | F.col("reason").isin(*OF_NO_DOCUMENT)
            judged = judged.filter(is_about_cpu)
        return judged.withColumn("series", self._series()) if self.has_series else judged

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        whole = F.col("value").cast("string")
        return self.read(raw).withColumns({"line": whole, "line_number": F.lit(None).cast("int")})

    def _with_fields(self, records: DataFrame) -> DataFrame:
        """Adds `is_usual` and the texts of all fields."""
        paths = self._paths_by_field()
        cutter = cutter_of(paths)
        if cutter is None:
            return records.withColumn("is_usual", F.lit(False)).withColumns(parsed_fields(F.col("text"), paths))
        cut, is_usual = F.col("cut"), F.col("is_usual")
        parsed = parsed_fields(F.when(~is_usual, F.col("text")), paths)
        return (
            records.withColumn("cut", cutter.cut(F.col("text")))
            .withColumn("is_usual", is_cut(cut, F.col("text")))
            .withColumns({f"parsed_{name}": value for name, value in parsed.items()})
            .withColumns(
                {
                    name: F.when(is_usual, value).otherwise(F.col(f"parsed_{name}"))
                    for name, value in cutter.read(cut).items()
                }
            )
            .drop("cut", *(f"parsed_{name}" for name in paths))
        )

    def _paths_by_field(self) -> dict[str, str]:
        paths = {"time_text": self.paths.time, "subject": self.paths.subject}
        paths.update({f"cpu_text_{nth}": cpu.path for nth, cpu in enumerate(self.paths.cpu)})
        paths.update({f"per_text_{nth}": cpu.per for nth, cpu in enumerate(self.paths.cpu)})
        if self.has_series:
            paths["series_text"] = self.paths.series
        return {name: path for name, path in paths.items() if path is not None}

    def _time_millis(self) -> Column:
        if self.paths.time is None:
            return F.unix_millis("timestamp")
        return F.coalesce(*(millis(F.col("time_text"), unit) for unit in self.paths.time_units))

    def _cpu(self) -> Column:
        return F.coalesce(*(cpu_of(nth, cpu) for nth, cpu in enumerate(self.paths.cpu)))

    def _series(self) -> Column:
        return key_series() if self.paths.series is None else F.coalesce("series_text", key_series())

    def _rejection(self) -> Column:
        text = F.col("text")
        cpu_text = F.coalesce(*(F.col(f"cpu_text_{nth}") for nth in range(len(self.paths.cpu))))
        has_time = F.lit(True) if self.paths.time is None else F.col("time_text").isNotNull()
        return F.coalesce(
            text_rejection(text),
            F.when(~is_one_document(wrapped(text)), "malformed")
            .when(~has_time, "no_time")
            .when(cpu_text.isNull(), "no_cpu")
            .when(F.col("time_millis").isNull(), "bad_timestamp")
            .when(cpu_text.rlike(NOT_A_NUMBER), "not_finite")
            .when(F.col("cpu").isNull(), "bad_cpu"),
        )


def parsed_fields(json: Column, paths: Mapping[str, str]) -> dict[str, Column]:
    """Spark reads all of them in one pass."""
    return {name: field(json, path) for name, path in paths.items()}


def cpu_of(nth: int, cpu: Cpu) -> Column:
    value = number(F.col(f"cpu_text_{nth}"))
    share = value if cpu.per is None else F.try_divide(value, number(F.col(f"per_text_{nth}")))
    return share if cpu.factor == 1.0 else share * cpu.factor


def is_plain() -> Column:
    """Fast path: true only for records that certainly hold a sample."""
    text = F.col("text")
    is_document = F.col("is_usual") | (is_certain_document(text) & F.is_valid_utf8(text))
    plain = F.col("time_millis").isNotNull() & F.col("cpu").isNotNull() & is_document
    return F.coalesce(plain, F.lit(False))
