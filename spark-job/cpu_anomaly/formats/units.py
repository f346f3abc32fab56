"""From records to units: a row for each, and values within a unit that several others need."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.step import Step

# Columns in, columns out; of a struct.
Fields = Callable[[Column], Mapping[str, Column]]


def one_row_per_unit(name: str) -> Step:
    """Columns in: value and `units`, an array. Adds the unit by this name, and `line_number`, null in a record of one.

    A record of several leaves its value behind: Spark keeps all rows of a record in memory, each with a copy of the
    columns that later steps need. Those only ask whether the value is null.
    """

    def step(records: DataFrame) -> DataFrame:
        is_alone = F.size("units") == 1
        return (
            records.withColumn("is_alone", is_alone)
            .withColumn("value", F.when(is_alone | F.col("value").isNull(), F.col("value")).otherwise(F.lit(b"")))
            .select("*", F.posexplode("units").alias("position", name))
            .withColumn("line_number", F.when(~F.col("is_alone"), F.col("position")))
            .drop("units", "is_alone", "position")
        )

    return step


def usual_or_parsed(usual: Mapping[str, Column], source: Mapping[str, Column], units: Column, schema: str) -> Step:
    """Columns in: value and `is_usual`. Adds the columns of `usual`, and `unit`, null for a usual record.

    A usual record is one unit. Its values go around `explode`, in columns: a struct would cost more than they do. Any
    other has `units`, an array of structs of the schema, with fields named as the columns of `usual`. They are read of
    the columns of `source`, which become null for a usual record, since Spark copies them.
    """
    is_usual = F.col("is_usual")
    no_unit = F.array(F.lit(None).cast(schema))

    def step(records: DataFrame) -> DataFrame:
        return (
            records.withColumns({f"usual_{name}": value for name, value in usual.items()})
            .withColumns({name: F.when(~is_usual, value) for name, value in source.items()})
            .withColumn("units", F.when(is_usual, no_unit).otherwise(units))
            .transform(one_row_per_unit("unit"))
            .withColumns(
                {name: F.when(is_usual, F.col(f"usual_{name}")).otherwise(F.col(f"unit.{name}")) for name in usual}
            )
            .drop(*source, *(f"usual_{name}" for name in usual))
        )

    return step


def with_value(value: Column, use: Callable[[Column], Column]) -> Column:
    """What `use` makes of a value that it needs several times and that is computed once.

    Spark generates no code for it: a tree of expressions is evaluated, and only when the result is needed.
    """
    return F.get(F.transform(F.array(value), use), F.lit(0))


def with_fields(struct: Column, *steps: Fields) -> Column:
    """The struct with further fields. Each step sees those of the steps before, which are computed once."""
    if not steps:
        return struct
    first, *others = steps

    def extended(given: Column) -> Column:
        for name, value in first(given).items():
            given = given.withField(name, value)
        return with_fields(given, *others)

    return with_value(struct, extended)
