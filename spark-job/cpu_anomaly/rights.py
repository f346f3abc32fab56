"""What this user may do with the job's topics, as far as the broker says so.

Kafka says so since version 2.3. What it does not say counts as granted: a refusal will tell.
"""

from __future__ import annotations

from collections.abc import Mapping

from cpu_anomaly.refusals import RefusedError
from cpu_anomaly.settings import Settings

READ = "READ"
WRITE = "WRITE"

# Names of Kafka's AclOperation by topic; None if they are not known.
Rights = Mapping[str, frozenset[str] | None]


def may(rights: Rights, operation: str, topic: str) -> bool:
    """True also if that is not known."""
    granted = rights.get(topic)
    return granted is None or operation in granted


def require_rights(rights: Rights, settings: Settings) -> None:
    """Raises RefusedError, which names all that the job cannot do without."""
    needed = ((READ, settings.input_topic), (WRITE, settings.output_topic), (WRITE, settings.dead_letter_topic))
    lacking = [
        # Kafka does not even say whether a topic exists to a user without rights on it.
        f"{operation} on topic {topic}{'' if rights[topic] else ' (or it does not exist)'}"
        for operation, topic in needed
        if not may(rights, operation, topic)
    ]
    if lacking:
        raise RefusedError(f"this user lacks rights on Kafka: {', '.join(lacking)}; once they are granted, `submit`")
