"""The program of the driver's pod, on files of a ConfigMap as Kubernetes mounts them."""

import hashlib
import json
from pathlib import Path

import pytest

import run_pod

POD = {"POD_NAME": "driver-1", "POD_IP": "10.0.0.7"}


def options(tmp_path: Path, *submit: str) -> run_pod.Options:
    return run_pod.parse_options(
        ["--files", str(tmp_path / "files"), "--work", str(tmp_path / "work"), "--stop-timeout", "30", "--", *submit]
    )


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """Kubernetes mounts links into a folder with a changing name."""
    data = tmp_path / "files" / "..data_1"
    data.mkdir(parents=True)
    for key in ("job.py", "cpu_anomaly.__init__.py", "cpu_anomaly.accounting.audit.py", "baseline.csv"):
        (data / key).write_text(key, encoding="utf-8")
        (tmp_path / "files" / key).symlink_to(data / key)
    return tmp_path / "files"


def test_lays_modules_out_by_their_keys(mounted: Path, tmp_path: Path) -> None:
    job = tmp_path / "job"
    (job / "old").mkdir(parents=True)
    run_pod.lay_out(mounted, job)
    assert sorted(str(path.relative_to(job)) for path in job.rglob("*") if path.is_file()) == [
        "baseline.csv",
        "cpu_anomaly/__init__.py",
        "cpu_anomaly/accounting/audit.py",
        "job.py",
    ]
    assert (job / "cpu_anomaly/accounting/audit.py").read_text(encoding="utf-8") == "cpu_anomaly.accounting.audit.py"


@pytest.mark.parametrize(
    ("image", "names"), [([], ["a", "b"]), (["a-9.jar"], []), (["b-1.jar"], ["a", "b"]), (["a-b-1.jar"], [])]
)
def test_needs_the_jars_that_the_image_does_not_have(tmp_path: Path, image: list[str], names: list[str]) -> None:
    jars = [{"name": name, "rev": "1", "org": "o", "sha256": ""} for name in ("a", "b")]
    (tmp_path / run_pod.JARS).write_text(json.dumps({"set": {"sign": "a", "jars": jars}}), encoding="utf-8")
    (tmp_path / "jars").mkdir()
    for name in image:
        (tmp_path / "jars" / name).touch()
    assert [jar["name"] for jar in run_pod.needed_jars(tmp_path, tmp_path)] == names


def jar(content: bytes) -> dict[str, str]:
    return {"org": "o", "name": "a", "rev": "1", "sha256": hashlib.sha256(content).hexdigest()}


def test_does_not_fetch_a_jar_again(tmp_path: Path) -> None:
    """A container that is restarted finds what the one before it has fetched."""
    folder = tmp_path / "work" / "jars"
    folder.mkdir(parents=True)
    (folder / "a-1.jar").write_bytes(b"content")
    assert run_pod.fetch_jars([jar(b"content")], options(tmp_path), tmp_path) == [folder / "a-1.jar"]


def test_refuses_a_jar_that_is_not_the_locked_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work" / "jars"
    folder.mkdir(parents=True)
    (folder / "a-1.jar").write_bytes(b"other")
    monkeypatch.setattr(run_pod, "ivy_command", lambda *_: ["true"])
    with pytest.raises(run_pod.MissingJarsError, match=r"not the locked jar: a-1\.jar"):
        run_pod.fetch_jars([jar(b"content")], options(tmp_path), tmp_path)


def test_says_that_jars_could_not_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_pod, "ivy_command", lambda *_: ["false"])
    with pytest.raises(run_pod.MissingJarsError, match="could not fetch"):
        run_pod.fetch_jars([jar(b"content")], options(tmp_path), tmp_path)


def test_tells_spark_what_only_the_pod_knows(tmp_path: Path) -> None:
    arguments = run_pod.pod_arguments(options(tmp_path), [Path("/j/a.jar"), Path("/j/b.jar")], POD)
    assert "spark.kubernetes.driver.pod.name=driver-1" in arguments
    assert "spark.driver.host=10.0.0.7" in arguments
    assert arguments[-2:] == ["--jars", "/j/a.jar,/j/b.jar"]


def test_leaves_the_name_that_the_user_gives_the_driver(tmp_path: Path) -> None:
    given = options(tmp_path, "--conf", "spark.driver.host=driver.example.org")
    arguments = run_pod.pod_arguments(given, [], {**POD, "POD_IP": "fd00::7"})
    assert not any(argument.startswith("spark.driver.host=") for argument in arguments)
    assert "spark.driver.bindAddress=[fd00::7]" in arguments


def test_becomes_a_supervisor_that_ends_with_the_driver(tmp_path: Path) -> None:
    command = run_pod.supervisor_command(options(tmp_path, "--name", "x"), Path("/opt/spark"), ["--own"])
    assert "--once" in command
    driver = command[command.index("--") + 1 :]
    assert driver == ["/opt/spark/bin/spark-submit", "--name", "x", "--own", (tmp_path / "work/job/job.py").as_uri()]


def test_logs_why_jars_are_missing_as_a_failure_of_the_driver(
    mounted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    jars = [{"name": "a", "rev": "1", "org": "o", "sha256": ""}]
    (mounted / run_pod.JARS).write_text(json.dumps({"set": {"sign": "a", "jars": jars}}), encoding="utf-8")
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.setattr(run_pod, "ivy_command", lambda *_: ["false"])
    arguments = ["--files", str(mounted), "--work", str(tmp_path / "work"), "--stop-timeout", "30"]
    assert run_pod.main(arguments) == 6
    last = capfd.readouterr().out.splitlines()[-1]
    assert 'Z failed message="the jars that the job needs are missing: Ivy could not fetch them: ' in last
