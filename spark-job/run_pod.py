"""The program of the driver's pod on Kubernetes: lays out the job, finds the jars, and becomes the driver's supervisor.

    run_pod.py --files DIR --work DIR --stop-timeout SECONDS -- spark-submit argument...

DIR of files is a mounted ConfigMap, whose keys have no slashes: `cpu_anomaly.accounting.audit.py` is a module.
The working directory is the parent of all mounts: the job names files of the Secret by relative paths.
It uses only the standard library of the image's Python.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

JOB = "job.py"
PACKAGE = "cpu_anomaly."
SUPERVISOR = "supervise.py"
EXECUTOR_POD = "executor-pod.yaml"
JARS = "jars.json"
IVY_SETTINGS = "ivysettings.xml"
IMAGE = "`cpu-anomaly render` writes its Dockerfile"


@dataclass(frozen=True)
class Options:
    files: Path
    work: Path
    stop_timeout: str
    submit: Sequence[str]


class MissingJarsError(Exception):
    """Jars that the image does not have could not be fetched."""


def parse_options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=Path, required=True, help="the mounted ConfigMap")
    parser.add_argument("--work", type=Path, required=True, help="a folder that lasts as long as the pod")
    parser.add_argument("--stop-timeout", required=True, help="seconds a clean stop may take")
    parser.add_argument("submit", nargs="*", metavar="argument", help="of spark-submit, after --")
    return Options(**vars(parser.parse_args(argv)))


def lay_out(files: Path, job: Path) -> None:
    """Copies the job's files to a folder that holds exactly these."""
    shutil.rmtree(job, ignore_errors=True)
    for source in sorted(files.iterdir()):
        if source.is_file():
            target = job / path_of(source.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def path_of(key: str) -> Path:
    """The path of a module, as the keys of the ConfigMap write it; other files have no folder."""
    if not key.startswith(PACKAGE):
        return Path(key)
    return Path(*key.removesuffix(".py").split(".")).with_suffix(".py")


def needed_jars(files: Path, spark_home: Path) -> list[dict[str, str]]:
    """The locked jars that the image has not: of each set all, unless it has the set's first one in any version."""
    sets = json.loads((files / JARS).read_text(encoding="utf-8"))
    there = [jar.name for jar in (spark_home / "jars").glob("*.jar")]
    return [
        jar
        for jars in sets.values()
        if not any(name.startswith(f"{jars['sign']}-") for name in there)
        for jar in jars["jars"]
    ]


def fetch_jars(jars: Sequence[Mapping[str, str]], options: Options, spark_home: Path) -> list[Path]:
    """Fetches them with the Ivy of the image, once per pod, and compares their checksums. Raises MissingJarsError."""
    folder, ivy = options.work / "jars", options.work / "ivy"
    wanted = [(folder / f"{jar['name']}-{jar['rev']}.jar", jar["sha256"]) for jar in jars]
    if all(is_intact(file, sha256) for file, sha256 in wanted):
        return [file for file, _ in wanted]
    ivy.mkdir(parents=True, exist_ok=True)
    (ivy / "ivy.xml").write_text(ivy_module(jars), encoding="utf-8")
    print(f"fetching {len(jars)} jars that the image does not have", flush=True)
    fetched = subprocess.run(ivy_command(options.files, folder, ivy, spark_home), stdout=sys.stderr, check=False)
    if fetched.returncode != 0:
        raise MissingJarsError("Ivy could not fetch them: its output is above")
    if wrong := [file.name for file, sha256 in wanted if not is_intact(file, sha256)]:
        raise MissingJarsError(f"what was fetched is not the locked jar: {', '.join(wrong)}")
    return [file for file, _ in wanted]


def print_failure(message: str) -> None:
    """As the driver logs that it failed: `submit` and `status` show it."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    print(f"{now} failed message={json.dumps(message)}", flush=True)


def ivy_command(files: Path, folder: Path, ivy: Path, spark_home: Path) -> list[str]:
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else Path("java")
    arguments = ["-settings", files / IVY_SETTINGS, "-ivy", ivy / "ivy.xml", "-cache", ivy / "cache"]
    retrieve = ["-confs", "default", "-retrieve", folder / "[artifact]-[revision].[ext]"]
    main = [java, f"-Duser.home={ivy}", "-cp", f"{spark_home}/jars/*", "org.apache.ivy.Main"]
    return [str(each) for each in [*main, *arguments, *retrieve]]


def ivy_module(jars: Sequence[Mapping[str, str]]) -> str:
    """A module that depends on exactly these. It names each artifact, so Ivy reads no POM and resolves nothing else."""
    dependencies = "".join(
        f'<dependency org="{jar["org"]}" name="{jar["name"]}" rev="{jar["rev"]}" transitive="false"'
        f' conf="default->default"><artifact name="{jar["name"]}" type="jar"/></dependency>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="cpu-anomaly" module="jars"/>'
        '<configurations><conf name="default"/></configurations>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>"
    )


def is_intact(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def pod_arguments(options: Options, jars: Sequence[Path], pod: Mapping[str, str]) -> list[str]:
    """The arguments of spark-submit that only the pod knows."""
    address = f"[{pod['POD_IP']}]" if ":" in pod["POD_IP"] else pod["POD_IP"]
    conf = {
        "spark.kubernetes.driver.pod.name": pod["POD_NAME"],
        "spark.kubernetes.executor.podTemplateFile": (options.files / EXECUTOR_POD).resolve().as_uri(),
        "spark.driver.bindAddress": address,
    }
    if not any(argument.startswith("spark.driver.host=") for argument in options.submit):
        conf["spark.driver.host"] = address
    pairs = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
    return [*pairs, *(["--jars", ",".join(map(str, jars))] if jars else [])]


def supervisor_command(options: Options, spark_home: Path, own: Sequence[str]) -> list[str]:
    work, job = options.work.resolve(), options.work.resolve() / "job"
    files = ["--state", work / "driver.json", "--stop-file", work / "stop", "--ready-file", work / "ready"]
    stop = ["--once", "--commits", work / "commits", "--stop-timeout", options.stop_timeout]
    driver = [spark_home / "bin" / "spark-submit", *options.submit, *own, (job / JOB).as_uri()]
    return [str(each) for each in [sys.executable, job / SUPERVISOR, *files, *stop, "--", *driver]]


def main(argv: Sequence[str]) -> int:  # noqa: RET503 (it becomes another program)
    """Returns only if the supervisor cannot be started."""
    options = parse_options(argv)
    spark_home = Path(os.environ.get("SPARK_HOME", "/opt/spark"))
    work = options.work.resolve()
    lay_out(options.files, work / "job")
    jars = needed_jars(options.files, spark_home)
    try:
        fetched = fetch_jars(jars, options, spark_home) if jars else []
    except MissingJarsError as error:
        print_failure(
            f"the jars that the job needs are missing: {error}. An image that has them fetches nothing: {IMAGE}"
        )
        return 6
    command = supervisor_command(options, spark_home, pod_arguments(options, fetched, os.environ))
    own = {"CPU_ANOMALY_OWNER": os.environ["POD_UID"], "CPU_ANOMALY_COMMITS": str(work / "commits")}
    python = {"PYTHONPATH": str(work / "job"), "PYTHONUNBUFFERED": "1"}
    os.execve(command[0], command, {**os.environ, **own, **python})  # noqa: S606 (a shell has no place here)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
