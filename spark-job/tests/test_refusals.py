"""What Kafka refuses, and how that is said."""

from __future__ import annotations

import pytest
from thrown import FromJavaError, Thrown, refused

from cpu_anomaly.causes import causes_of
from cpu_anomaly.refusals import NEEDED, describe_refusal, lacks_right


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (
            "TopicAuthorization",
            "Not authorized to access topics: [in, out]",
            f"Kafka refuses this user access to topic in, out: {NEEDED}",
        ),
        ("TopicAuthorization", "Topic authorization failed.", f"Kafka refuses this user access to a topic: {NEEDED}"),
        (
            "GroupAuthorization",
            "Not authorized to access group: g",
            f"Kafka refuses this user a right (Not authorized to access group: g): {NEEDED}",
        ),
        (
            "SaslAuthentication",
            "Authentication failed during authentication due to invalid credentials with SASL mechanism PLAIN",
            "Kafka refuses the login (Authentication failed during authentication due to invalid credentials with SASL "
            "mechanism PLAIN): check user name, password and mechanism",
        ),
        (
            "UnsupportedSaslMechanism",
            "Client SASL mechanism 'PLAIN' not enabled in the server, enabled mechanisms are [SCRAM-SHA-512]",
            "Kafka refuses the login (Client SASL mechanism 'PLAIN' not enabled in the server, enabled mechanisms are "
            "[SCRAM-SHA-512]): check user name, password and mechanism",
        ),
    ],
)
def test_refusal_is_one_sentence_that_says_what_to_do(kind: str, text: str, shown: str) -> None:
    assert describe_refusal(causes_of(refused(kind, text))) == shown


def test_refused_certificate_is_explained_by_the_innermost_cause() -> None:
    handshake = Thrown("javax.net.ssl.SSLHandshakeException: PKIX", Thrown("a.PathException: no valid path\nat x"))
    thrown = Thrown("org.apache.kafka.common.errors.SslAuthenticationException: SSL handshake failed", handshake)
    assert describe_refusal(causes_of(FromJavaError(thrown))) == (
        "Kafka and this job do not accept each other's certificates (a.PathException: no valid path): "
        "check the TLS settings"
    )


def test_refusal_in_the_text_of_a_task_that_failed_is_found() -> None:
    text = "Lost task 0.0: org.apache.kafka.common.errors.TopicAuthorizationException: topics: [in]\n\tat a.b"
    assert describe_refusal([text, "other"]) == f"Kafka refuses this user access to topic in: {NEEDED}"


def test_innermost_refusal_has_the_details() -> None:
    outer, inner = (
        f"org.apache.kafka.common.errors.TopicAuthorizationException: {text}" for text in ("no", "topics: [in]")
    )
    assert describe_refusal([outer, inner]) == f"Kafka refuses this user access to topic in: {NEEDED}"


@pytest.mark.parametrize("text", ["Timeout", "UnknownTopicOrPartition", "GroupIdNotFound"])
def test_other_errors_of_kafka_are_no_refusals(text: str) -> None:
    error = refused(text)
    assert (describe_refusal(causes_of(error)), lacks_right(error)) == (None, False)


@pytest.mark.parametrize(
    ("kind", "is_lacking"),
    [("TopicAuthorization", True), ("GroupAuthorization", True), ("SaslAuthentication", False)],
)
def test_user_who_may_log_in_lacks_a_right(kind: str, is_lacking: bool) -> None:
    assert lacks_right(refused(kind)) == is_lacking
