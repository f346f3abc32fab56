r"""A fast path for nearly all JSON documents: names, numbers and texts, as a program writes them.

One regular expression checks every byte of such a document and cuts the fields out of it, for less than half of what
parsing costs. It knows no document that it does not see through: all others are parsed, and the tests compare both
ways.

Every quantifier of a group is possessive: see `otlp_usual`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from pyspark.sql import Column
from pyspark.sql import functions as F

# A field with an exponent is not usual: `field` would write it in another way.
from cpu_anomaly.formats.text import PLAIN_NUMBER as NUMBER
from cpu_anomaly.formats.text import PLAIN_TEXT as TEXT

# Python writes a blank after each.
COLON = ": ?+"
COMMA = ", ?+"


def object_of(member: str) -> str:
    return rf'\{{(?:{member}(?:{COMMA}(?=")|(?=\}})))*+\}}'


NAME = f'"{TEXT}"'
SCALAR = rf'(?:"{TEXT}"|{NUMBER}(?:[eE][+-]?[0-9]+)?+|true|false|null)'
ARRAY = rf"\[(?:{SCALAR}(?:{COMMA}(?!\])|(?=\])))*+\]"
# What is in an object or array that leads to no field is scalar.
OTHER_VALUE = f"(?:{SCALAR}|{object_of(NAME + COLON + SCALAR)}|{ARRAY})"

STEP = r"\.([\w@-]+)|\['([\w@. -]+)'\]"
PATH = re.compile(rf"\$(?:{STEP})+", re.ASCII)

# What an object has by name: a field, or an object.
Tree: TypeAlias = "dict[str, str | Tree]"


@dataclass(frozen=True)
class Groups:
    """The numbers of a field's groups: its value as a text or a number, and one that matches nothing if it is there."""

    text: int
    number: int
    mark: int


@dataclass(frozen=True)
class Cutter:
    """Cuts the fields out of a document that has each once, as a number or a text: see `cutter_of`."""

    pattern: str
    groups: Mapping[str, Groups]

    def cut(self, text: Column) -> Column:
        """The fields between tabs; the text itself if it is not usual."""
        return F.regexp_replace(
            text, self.pattern, "\t".join(f"${each.text}${each.number}" for each in self.groups.values())
        )

    def read(self, cut: Column) -> dict[str, Column]:
        """The text of each field; anything for what is not usual."""
        upto = {name: F.substring_index(cut, "\t", nth) for nth, name in enumerate(self.groups, start=1)}
        return {name: F.substring_index(each, "\t", -1) for name, each in upto.items()}


def is_cut(cut: Column, text: Column) -> Column:
    """False for a few that are, whose first field is a text that begins with a brace."""
    return F.coalesce(F.startswith(text, F.lit("{")) & ~F.startswith(cut, F.lit("{")), F.lit(False))


def cutter_of(paths: Mapping[str, str]) -> Cutter | None:
    """None if a path has an index, or one leads through the value of another."""
    tree: Tree = {}
    for field, path in paths.items():
        if PATH.fullmatch(path) is None or not _plant(tree, path, field):
            return None
    groups: dict[str, Groups] = {}
    document = _object(tree, groups, count(1))
    has_all = "".join(rf"\{each.mark}" for each in groups.values())
    return Cutter(rf"\A{document}{has_all}\n?\z", groups)


def _plant(tree: Tree, path: str, field: str) -> bool:
    *objects, last = (dotted or quoted for dotted, quoted in re.findall(STEP, path, re.ASCII))
    for name in objects:
        inner = tree.setdefault(name, {})
        if isinstance(inner, str):
            return False
        tree = inner
    return tree.setdefault(last, field) is field


def _object(tree: Tree, groups: dict[str, Groups], numbers: Iterator[int]) -> str:
    """Its mark makes a second field or object by the same name one that is not usual."""
    alternatives = []
    for name, wanted in tree.items():
        if isinstance(wanted, str):
            groups[wanted] = Groups(next(numbers), next(numbers), next(numbers))
            value, mark = rf'(?:"({TEXT})"|({NUMBER}))', groups[wanted].mark
        else:
            value, mark = _object(wanted, groups, numbers), next(numbers)
        alternatives.append(rf'(?!\{mark})"{re.escape(name)}"{COLON}{value}()')
    names = "|".join(map(re.escape, tree))
    return object_of(f'(?:{"|".join(alternatives)}|(?!"(?:{names})"){NAME}{COLON}{OTHER_VALUE})')
