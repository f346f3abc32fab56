"""infra/spark/properties.txt, from which the orchestrator knows the names of properties, has those of this Spark."""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

LIST = Path(__file__).parents[2] / "infra" / "spark" / "properties.txt"
NAME = re.compile(rb"spark\.[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")
# Of cluster managers and daemons that this tool does not use: the orchestrator refuses them by their prefix.
OTHERS = re.compile(r"spark\.(yarn|mesos|history|worker|master|deploy)\.")
# Bytes after the tag of each kind of constant: Java Virtual Machine Specification, section 4.4.
SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
TEXT, STRING = 1, 8
# Its names are composed of this prefix and of literals; Spark's other literals there are the defaults of the values.
ROCKSDB = "org/apache/spark/sql/execution/streaming/state/RocksDBConf$.class"
ROCKSDB_PREFIX = "spark.sql.streaming.stateStore.rocksdb."
ROCKSDB_NAME = re.compile(rb"[a-z][A-Za-z.]+")
DEFAULTS = {b"true", b"false"}


def constants(class_file: bytes, literals: bool = False) -> Iterator[bytes]:
    """The texts in the constant pool of a class, or only its string literals; not the names that code composes."""
    count, at, index = int.from_bytes(class_file[8:10], "big"), 10, 1
    texts: dict[int, bytes] = {}
    strings: list[int] = []
    while index < count:
        tag = class_file[at]
        if tag == TEXT:
            size = int.from_bytes(class_file[at + 1 : at + 3], "big")
            texts[index] = class_file[at + 3 : at + 3 + size]
            at += 3 + size
        else:
            if tag == STRING:
                strings.append(int.from_bytes(class_file[at + 1 : at + 3], "big"))
            at += 1 + SIZES[tag]
        index += 2 if SIZES.get(tag) == 8 else 1  # long and double count twice
    yield from (texts[string] for string in strings) if literals else texts.values()


def properties_of(jars: Iterator[Path]) -> set[str]:
    names: set[str] = set()
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.namelist():
                if entry.endswith(".class") and b"spark." in (code := archive.read(entry)):
                    names |= {text.decode() for text in constants(code) if NAME.fullmatch(text)}
                if entry == ROCKSDB:
                    parts = set(filter(ROCKSDB_NAME.fullmatch, constants(code, literals=True))) - DEFAULTS
                    names |= {ROCKSDB_PREFIX + part.decode() for part in parts if not part.startswith(b"spark.")}
    return {name for name in names if not OTHERS.match(name)}


def test_are_those_in_the_jars_of_spark() -> None:
    """After an update of Spark, write the new names into the file: `sorted(found)`, one per line."""
    found = properties_of((Path(os.environ["SPARK_HOME"]) / "jars").glob("spark-*.jar"))
    listed = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert "spark.ui.retainedJobs" in found
    assert "spark.sql.streaming.stateStore.rocksdb.blockCacheSizeMB" in found
    assert listed == sorted(found)
