"""The template, and the rules of the package that it starts."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cpu_anomaly"
MODULES = sorted(str(path.relative_to(PACKAGE).with_suffix("")) for path in PACKAGE.rglob("*.py"))


def reading_order() -> list[str]:
    """The modules that the package's docstring names, in its order."""
    text = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text())) or ""
    return [
        name for name in re.findall(r"`(\w+)`", text) if name not in ("accounting", "calibration", "formats", "main")
    ]


def imports_of(module: str) -> list[str]:
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [name.rpartition(".")[2] for name in found if name.startswith("cpu_anomaly")]


def test_docstring_names_every_module() -> None:
    names = [name.rpartition("/")[2] for name in MODULES]
    assert sorted(reading_order()) == sorted(name for name in names if name != "__init__")


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_those_that_are_read_before_it(module: str) -> None:
    order = reading_order()
    name = module.rpartition("/")[2]
    earlier = order[: order.index(name)] if name in order else []
    assert [each for each in imports_of(module) if each not in earlier] == []


def test_importing_the_driver_starts_no_jvm() -> None:
    program = "import pyspark, cpu_anomaly.driver; print(pyspark.SparkContext._gateway)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "None\n"


def test_template_that_was_not_rendered_is_a_configuration_error() -> None:
    result = subprocess.run([sys.executable, "job.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert " failed kind=configuration " in result.stdout
