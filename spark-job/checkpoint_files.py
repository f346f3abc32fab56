"""Reads and writes files of a checkpoint on HDFS or S3 for one command, in a JVM without Spark's engine.

    checkpoint_files.py SPARK-SUBMIT-ARGUMENT...

The arguments give the JVM the class path of the job. The first line of standard input, {"location": URI, "hadoop":
{NAME: VALUE}}, has Hadoop's settings, of which some are secret; {"event": "ready"} answers it. Then each line is an
order, and gets one reply (`orchestrator/src/runtime/local/checkpoint-protocol.ts`):

    {"op": "read", "name": NAME}                 {"event": "text", "text": TEXT or null}
    {"op": "write", "name": NAME, "text": TEXT}  {"event": "done"}
    {"op": "has_commits"}                        {"event": "commits", "has": BOOLEAN}
    {"op": "set_aside", "to": URI}               {"event": "moved", "to": URI}

A failure is {"event": "error", "kind": "unusable" or "unreachable", "message": TEXT}. It ends with standard input.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, cast

from pyspark.java_gateway import launch_gateway

from cpu_anomaly.accounting.aside import MOVE, set_aside
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import CheckpointError, Hadoop
from cpu_anomaly.accounting.reach import describe_unreachable
from cpu_anomaly.replies import emit

Order = Mapping[str, Any]


def main(submit_args: list[str]) -> int:
    os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*submit_args, "pyspark-shell"])
    begin = json.loads(sys.stdin.readline())
    hadoop = hadoop_of(cast(Any, launch_gateway)(), begin["hadoop"])
    emit("ready")
    for line in sys.stdin:
        answer(hadoop, begin["location"], json.loads(line))
    return 0


def hadoop_of(gateway: Any, settings: Mapping[str, str]) -> Hadoop:
    """The configuration that Spark makes for a driver, with these settings."""
    spark = gateway.jvm.org.apache.spark
    conf = spark.deploy.SparkHadoopUtil.get().newConfiguration(spark.SparkConf())
    for name, value in settings.items():
        conf.set(name, value)
    return Hadoop(gateway, conf)


def answer(hadoop: Hadoop, location: str, order: Order) -> None:
    try:
        event, values = ANSWERS[order["op"]](Checkpoint(hadoop, location), order)
        emit(event, **values)
    except CheckpointError as error:
        emit("error", kind="unusable", message=str(error))
    except Exception as error:  # noqa: BLE001 (every failure becomes one line for the caller)
        traceback.print_exc()
        emit("error", kind="unreachable", message=describe_unreachable(error))


Answer = tuple[str, dict[str, Any]]


def read(checkpoint: Checkpoint, order: Order) -> Answer:
    return "text", {"text": checkpoint.read(order["name"])}


def write(checkpoint: Checkpoint, order: Order) -> Answer:
    checkpoint.write(order["name"], order["text"])
    return "done", {}


def has_commits(checkpoint: Checkpoint, _order: Order) -> Answer:
    """A checkpoint of which only a part is left has had some."""
    return "commits", {"has": checkpoint.last_commit() >= 0 or checkpoint.exists(MOVE)}


def move(checkpoint: Checkpoint, order: Order) -> Answer:
    return "moved", {"to": set_aside(checkpoint, checkpoint.at(order["to"]))}


ANSWERS: Mapping[str, Callable[[Checkpoint, Order], Answer]] = {
    "read": read,
    "write": write,
    "has_commits": has_commits,
    "set_aside": move,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
