"""Why a file system cannot be reached, in words: Hadoop's exceptions name it deep inside."""

from __future__ import annotations

import re

from cpu_anomaly.causes import causes_of

# What an exception looks like, and what to say of it; a group is what it names.
SIGNS = (
    (r"UnknownHostException: \"?([\w.-]+)", "the host {} is not known"),
    (r"(?:to|To) (\S+?:\d+) failed on connection exception: .*refused", "nothing answers at {}"),
    (r"Connect to (\S+?:\d+) .*refused", "nothing answers at {}"),
    (r"(?:to|To) (\S+?:\d+) failed on socket timeout", "{} does not answer"),
    (r"(?i)connect timed out|ConnectTimeoutException", "it does not answer"),
    (r"(?:Bucket (\S+) does not exist|NoSuchBucket)", "the bucket does not exist"),
    (r"NoAuthWithAWSException|Unable to load credentials|No AWS Credentials", "there are no credentials for S3"),
    (
        r"Status Code: 403|AccessDeniedException|\b403\b|InvalidAccessKeyId|SignatureDoesNotMatch",
        "S3 refuses access (403)",
    ),
    (r"AccessControlException: (Permission denied: user=\w+, access=\w+)", "{}"),
    (r"SafeModeException", "the name node is in safe mode"),
    (r"state standby", "the name node is in standby"),
    (r"No FileSystem for scheme|ClassNotFoundException: (?:Class )?(\S+)", "Hadoop's client for it is missing"),
)


def describe_unreachable(error: Exception) -> str:
    """One sentence without its end, such as `nothing answers at localhost:8020`."""
    causes = causes_of(error)
    text = " ".join(reversed(causes))  # the innermost names most
    for sign, words in SIGNS:
        if found := re.search(sign, text):
            return words.format(*(group or "" for group in found.groups()))
    last = causes[-1].strip() or causes[0]
    return last.splitlines()[0]
