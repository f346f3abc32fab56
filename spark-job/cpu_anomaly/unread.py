"""What the query has yet to read. Offsets are not records: markers of transactions and aborted records have them too.

In real-time mode Spark commits the offset after the last record, so its position stays before such offsets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

from cpu_anomaly.consumer import FewRecords
from cpu_anomaly.topics import Bounds

LOOK_SECONDS = 5.0


class UnreadRecords:
    """Reads from a position to the first record of each partition only, so it costs no more for a million of them."""

    def __init__(self, topic: str, open_reader: Callable[[], AbstractContextManager[FewRecords]]) -> None:
        self._topic = topic
        self._open_reader = open_reader

    def bounds(self, position: Mapping[str, int], bounds: Bounds) -> Bounds:
        """From the first record at or after the position; equal to the end in a partition without one.

        What takes more than LOOK_SECONDS to pass over stays.
        """
        start = {each: max(position.get(each, 0), bounds.earliest.get(each, 0)) for each in bounds.end}
        deadline = time.monotonic() + LOOK_SECONDS
        with self._open_reader() as reader:
            for each, end in bounds.end.items():
                if start[each] < end:
                    _, start[each] = reader.read((self._topic, int(each)), start[each], end, deadline)
        return replace(bounds, earliest=start)
