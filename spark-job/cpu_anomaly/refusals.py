"""What Kafka refuses: a login, or what this user has no right to do. Its client says so by the class of an exception.

Asking again does not help: somebody has to change a setting, or grant the right.
"""

from __future__ import annotations

import re

from cpu_anomaly.causes import causes_of, has_sign

RIGHT_SIGNS = tuple(
    f"org.apache.kafka.common.errors.{kind}AuthorizationException"
    for kind in ("", "Cluster", "Group", "Topic", "TransactionalId")
)
REFUSAL = re.compile(
    r"org\.apache\.kafka\.common\.errors\."
    r"(\w*AuthorizationException|\w*AuthenticationException|UnsupportedSaslMechanismException)(?:: ([^\n]*))?"
)
TOPICS = re.compile(r"topics: \[([^]]*)]")
NEEDED = "the job needs READ on the input topic, and WRITE on the output topic and the dead-letter topic"


class RefusedError(Exception):
    """This user lacks a right without which the job cannot work."""


def lacks_right(error: Exception) -> bool:
    """True if Kafka refuses what this user has asked for, but knows the user."""
    return has_sign(RIGHT_SIGNS, causes_of(error))


def describe_refusal(causes: list[str]) -> str | None:
    """One sentence; None if these causes of a failure, outermost first, are something else."""
    found = next((match for cause in reversed(causes) if (match := REFUSAL.search(cause))), None)
    if found is None:
        return None
    kind, detail = found[1], (found[2] or found[1]).strip().rstrip(".")
    if kind == "SslAuthenticationException":
        reason = causes[-1].strip().partition("\n")[0]
        return f"Kafka and this job do not accept each other's certificates ({reason}): check the TLS settings"
    if "Authorization" not in kind:
        return f"Kafka refuses the login ({detail}): check user name, password and mechanism"
    if kind == "TopicAuthorizationException":
        topics = TOPICS.search(detail)
        return f"Kafka refuses this user access to {'topic ' + topics[1] if topics else 'a topic'}: {NEEDED}"
    return f"Kafka refuses this user a right ({detail}): {NEEDED}"
