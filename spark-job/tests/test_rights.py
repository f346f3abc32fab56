"""Which rights the job cannot do without."""

from __future__ import annotations

import pytest
from conftest import SettingsOf

from cpu_anomaly.refusals import RefusedError
from cpu_anomaly.rights import READ, WRITE, Rights, may, require_rights

LEAST: Rights = {"in": frozenset({READ}), "out": frozenset({WRITE}), "dead": frozenset({WRITE})}
NAMES = {"input_topic": "in", "output_topic": "out", "dead_letter_topic": "dead"}


@pytest.mark.parametrize("rights", [LEAST, {}, {**LEAST, "in": None}], ids=["the least", "unknown", "partly unknown"])
def test_least_rights_are_enough_and_unknown_ones_count_as_granted(rights: Rights, settings_of: SettingsOf) -> None:
    require_rights(rights, settings_of(**NAMES))


def test_all_rights_that_lack_are_named_at_once(settings_of: SettingsOf) -> None:
    rights = {**LEAST, "in": frozenset({WRITE}), "dead": frozenset({READ})}
    message = r"^this user lacks rights on Kafka: READ on topic in, WRITE on topic dead; .*`submit`$"
    with pytest.raises(RefusedError, match=message):
        require_rights(rights, settings_of(**NAMES))


def test_topic_of_which_the_user_may_know_nothing_need_not_exist(settings_of: SettingsOf) -> None:
    with pytest.raises(RefusedError, match=r": READ on topic in \(or it does not exist\); "):
        require_rights({**LEAST, "in": frozenset()}, settings_of(**NAMES))


def test_right_is_there_unless_it_is_known_to_lack() -> None:
    assert may(LEAST, READ, "in")
    assert may({}, READ, "out")
    assert not may(LEAST, READ, "out")
