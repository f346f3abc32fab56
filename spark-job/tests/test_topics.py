"""Is a topic still the one that the checkpoint knows?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cpu_anomaly.topics import TopicReplacedError, require_same_topics


@pytest.mark.parametrize("known", [{}, {"in": "a"}, {"in": "a", "out": "b"}, {"in": "a", "out": "b", "old": "c"}])
def test_topics_that_are_new_or_have_the_known_id_are_accepted(known: Mapping[str, str]) -> None:
    require_same_topics(known, {"in": "a", "out": "b"})


def test_topic_with_another_id_is_refused_with_the_way_out() -> None:
    message = "^topic out was deleted and created again: its id was b and is now c; .*`submit --new-checkpoint`$"
    with pytest.raises(TopicReplacedError, match=message):
        require_same_topics({"in": "a", "out": "b"}, {"in": "a", "out": "c"})
