"""What Hadoop says, as it was seen, and what a person is told."""

from __future__ import annotations

import pytest

from cpu_anomaly.accounting.reach import describe_unreachable

SEEN = [
    (
        "java.net.ConnectException: Call From h/127.0.0.1 to localhost:8020 failed on connection exception: "
        "java.net.ConnectException: Connection refused",
        "nothing answers at localhost:8020",
    ),
    ("java.net.UnknownHostException: no-such-host.invalid", "the host no-such-host.invalid is not known"),
    ('java.lang.IllegalArgumentException: java.net.UnknownHostException: "nn"', "the host nn is not known"),
    ("Connect to 127.0.0.1:9000 [/127.0.0.1] failed: Connection refused", "nothing answers at 127.0.0.1:9000"),
    ("UnknownStoreException: `s3a://b/cp': Bucket b does not exist", "the bucket does not exist"),
    ("AccessDeniedException: getFileStatus on s3a://b: Forbidden (Status Code: 403)", "S3 refuses access (403)"),
    ("org.apache.hadoop.ipc.RemoteException(SafeModeException): x", "the name node is in safe mode"),
    ("UnsupportedFileSystemException: No FileSystem for scheme", "Hadoop's client for it is missing"),
    ("java.io.IOException: something new\nand more", "java.io.IOException: something new"),
]


@pytest.mark.parametrize(("said", "words"), SEEN)
def test_what_keeps_a_file_system_from_answering_is_said_in_words(said: str, words: str) -> None:
    assert describe_unreachable(Exception(said)) == words
