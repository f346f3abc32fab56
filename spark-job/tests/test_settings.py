"""The settings that the orchestrator renders, and what is refused."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from conftest import DEFAULT_SETTINGS, SettingsOf

from cpu_anomaly.settings import ConfigurationError, Settings, kafka_client_options

DEFAULTS: dict[str, Any] = json.loads(DEFAULT_SETTINGS.read_text(encoding="utf-8"))


def test_default_settings_are_exactly_the_fields_in_their_order() -> None:
    assert list(DEFAULTS) == [field.name for field in fields(Settings)]


def test_settings_are_read_as_they_were_rendered() -> None:
    assert vars(Settings.from_json(json.dumps(DEFAULTS))) == DEFAULTS


@pytest.mark.parametrize("text", ["{", "{}", '{"surprise": 1}', "null", "[]", '"text"', "{{SETTINGS_JSON}}"])
def test_settings_that_do_not_fit_are_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Settings.from_json(text)


@pytest.mark.parametrize("name", DEFAULTS)
def test_missing_setting_is_named(name: str) -> None:
    text = json.dumps({other: value for other, value in DEFAULTS.items() if other != name})
    with pytest.raises(ConfigurationError, match=f": {name} is missing$"):
        Settings.from_json(text)


def test_unknown_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r": surprise is unknown$"):
        Settings.from_json(json.dumps({**DEFAULTS, "surprise": 1}))


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("direction", "up", "'up' is not one of high, low, both"),
        ("group_by", "host", "'host' is not one of none, key"),
        ("trigger", "auto", "'auto' is not one of micro-batch, real-time"),
        ("starting_offsets", None, "None is not one of earliest, latest"),
        ("normal_mean", "14.5", "'14.5' is not of type float"),
        ("normal_mean", True, "True is not of type float"),
        ("window_ms", 500.5, "500.5 is not of type int"),
        ("window_ms", True, "True is not of type int"),
        ("window_ms", None, "None is not of type int"),
        ("cpu_min", "0", "'0' is not of type float | None"),
        ("input_topic", 7, "7 is not of type str"),
        ("kafka_options", "PLAINTEXT", "'PLAINTEXT' is not of type collections.abc.Mapping[str, str]"),
        ("kafka_options", {"linger.ms": 5}, "{'linger.ms': 5} is not of type collections.abc.Mapping[str, str]"),
        ("kafka_secrets_file", False, "False is not of type str | None"),
    ],
)
def test_setting_of_another_type_is_named_with_its_value(name: str, value: object, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_json(json.dumps({**DEFAULTS, name: value}))
    assert str(caught.value).endswith(f": {name}: {problem}")


def test_every_problem_is_reported_at_once() -> None:
    given = {**DEFAULTS, "window_ms": "500", "surprise": 1}
    del given["app_name"]
    with pytest.raises(ConfigurationError, match="app_name is missing; surprise is unknown; window_ms: '500' is not"):
        Settings.from_json(json.dumps(given))


def test_whole_number_is_accepted_for_a_float(settings_of: SettingsOf) -> None:
    assert settings_of(normal_mean=20, cpu_min=0).cpu_min == 0


def test_secrets_are_added_to_the_client_options(settings_of: SettingsOf, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text('{"sasl.jaas.config": "hush"}', encoding="utf-8")
    options = {"security.protocol": "SASL_PLAINTEXT"}
    settings = settings_of(bootstrap_servers="a:1,b:2", kafka_options=options, kafka_secrets_file=str(secrets))
    assert kafka_client_options(settings) == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.jaas.config": "hush",
    }


def test_without_a_secrets_file_there_are_no_secrets(settings_of: SettingsOf) -> None:
    assert kafka_client_options(settings_of()) == {
        "bootstrap.servers": "127.0.0.1:9093",
        "security.protocol": "PLAINTEXT",
    }


def test_secrets_that_cannot_be_read_are_an_error_of_the_configuration(settings_of: SettingsOf, tmp_path: Path) -> None:
    settings = settings_of(kafka_secrets_file=str(tmp_path / "no-such-file"))
    with pytest.raises(ConfigurationError, match=r"^the file of Kafka's secrets cannot be read: .*no-such-file"):
        kafka_client_options(settings)
