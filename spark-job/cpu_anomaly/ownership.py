"""What a driver makes sure of before it uses a checkpoint that others may reach: it is the only one, and it fits."""

from __future__ import annotations

import os
import socket
import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from typing import Any, cast

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.aside import require_whole
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.lease import Holder, Lease
from cpu_anomaly.accounting.manifest import require_manifest
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.failures import diagnose
from cpu_anomaly.settings import Settings

HALT_SECONDS = 2.0


class Ownership:
    """Of the checkpoint, from the start of the driver to its end. Does nothing for one that only this stack reaches."""

    def __init__(self, spark: SparkSession, settings: Settings, log: EventLog) -> None:
        """Raises CheckpointTakenError if another driver has the checkpoint."""
        self._manifest = settings.manifest
        self._lease: Lease | None = None
        if self._manifest is None:
            return
        self._checkpoint = Checkpoint.of(spark, settings.checkpoint)
        end = Ending(cast(Any, spark.sparkContext)._jvm, log)
        self._lease = Lease(self._checkpoint, holder(), end.at_once)
        self._lease.claim()

    def confirm(self, cluster_id: Callable[[], str]) -> None:
        """Raises CheckpointConflictError: another driver was faster, or the settings or the checkpoint do not fit."""
        if self._lease is None or self._manifest is None:
            return
        self._lease.confirm()
        require_whole(self._checkpoint)
        require_manifest(self._checkpoint, self._manifest, cluster_id)

    def release(self) -> None:
        if self._lease is not None:
            self._lease.release()


def holder() -> Holder:
    """`CPU_ANOMALY_OWNER` is the same for all drivers of one supervisor, each of which has ended before the next."""
    return Holder(os.environ.get("CPU_ANOMALY_OWNER") or str(uuid.uuid4()), socket.gethostname(), os.getpid())


class Ending:
    """Ends the driver without another commit: no shutdown hook runs, and no batch is finished."""

    def __init__(self, jvm: Any, log: EventLog) -> None:
        self._jvm = jvm
        self._pid = int(jvm.java.lang.ProcessHandle.current().pid())
        self._log = log

    def at_once(self, error: Exception) -> None:
        failure = diagnose(error)
        self._log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        halting = threading.Thread(target=self._halt, args=(failure.exit_code,), daemon=True)
        halting.start()
        halting.join(HALT_SECONDS)
        if halting.is_alive():
            os.kill(self._pid, 9)  # it does not answer
        sys.stderr.flush()
        os._exit(failure.exit_code)

    def _halt(self, exit_code: int) -> None:
        """spark-submit's exit code is that of its JVM."""
        try:
            self._jvm.java.lang.Runtime.getRuntime().halt(exit_code)
        except Exception:  # noqa: BLE001 (a JVM that is gone does not answer)
            traceback.print_exc(limit=1)
