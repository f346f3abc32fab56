"""What the driver's JVM has used. The Python process beside it is idle while a query runs."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Any, cast

from pyspark.sql import SparkSession


class Jvm:
    def __init__(self, spark: SparkSession) -> None:
        self._handle = cast(Any, spark.sparkContext)._jvm.java.lang.ProcessHandle.current()
        self._pid = self._handle.pid()

    def cpu_ms(self) -> float:
        return float(self._handle.info().totalCpuDuration().get().toMillis())

    def memory(self) -> dict[str, int]:
        """Resident memory in bytes, now and at its peak; where there is no /proc, the peak is the present value."""
        try:
            lines = Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            resident = 1024 * int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(self._pid)], text=True))
            return {"rss_bytes": resident, "peak_rss_bytes": resident}
        sizes = {
            line.split(":")[0]: 1024 * int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))
        }
        return {"rss_bytes": sizes["VmRSS"], "peak_rss_bytes": sizes["VmHWM"]}

    def forget_peak(self) -> None:
        """Starts a new peak; without /proc, or without permission, the peak stays that of the whole run."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self._pid}/clear_refs").write_text("5", encoding="ascii")
