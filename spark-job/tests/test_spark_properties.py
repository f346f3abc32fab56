"""infra/spark/properties.txt, from which the orchestrator knows the names of properties, has those of this Spark."""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

LIST = Path(__file__).parents[2] / "infra" / "spark" / "properties.txt"
NAME = re.compile(rb"spark\.[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]")
# Of cluster managers and daemons that this tool does not use: the orchestrator refuses them by their prefix.
OTHERS = re.compile(r"spark\.(yarn|kubernetes|mesos|history|worker|master|deploy)\.")
# Bytes after the tag of each kind of constant: Java Virtual Machine Specification, section 4.4.
SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
TEXT = 1


def constants(class_file: bytes) -> Iterator[bytes]:
    """The texts in the constant pool of a class; a name that code composes from parts is not among them."""
    count, at, index = int.from_bytes(class_file[8:10], "big"), 10, 1
    while index < count:
        tag = class_file[at]
        if tag == TEXT:
            size = int.from_bytes(class_file[at + 1 : at + 3], "big")
            yield class_file[at + 3 : at + 3 + size]
            at += 3 + size
        else:
            at += 1 + SIZES[tag]
        index += 2 if SIZES.get(tag) == 8 else 1  # long and double count twice


def properties_of(jars: Iterator[Path]) -> set[str]:
    names: set[str] = set()
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.namelist():
                if entry.endswith(".class") and b"spark." in (code := archive.read(entry)):
                    names |= {text.decode() for text in constants(code) if NAME.fullmatch(text)}
    return {name for name in names if not OTHERS.match(name)}


def test_are_those_in_the_jars_of_spark() -> None:
    """After an update of Spark, write the new names into the file: `sorted(found)`, one per line."""
    found = properties_of((Path(os.environ["SPARK_HOME"]) / "jars").glob("spark-*.jar"))
    listed = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert "spark.ui.retainedJobs" in found
    assert listed == sorted(found)
