"""What Spark writes into its offset log about a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

# Offsets by topic and partition, as Spark's Kafka source writes them.
Offsets = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class BatchPlan:
    """What Spark wrote into its offset log before it ran a batch: its time, its watermark, and where it ends."""

    timestamp_ms: int
    watermark_ms: int
    end: Offsets
    # Settings that Spark keeps for all batches, such as the number of the state's partitions.
    conf: Mapping[str, str]

    @staticmethod
    def from_log(text: str) -> BatchPlan:
        """Raises ValueError for a log of another version, or of a query with several sources."""
        version, metadata, *sources = text.splitlines()
        if version != "v1" or len(sources) != 1:
            raise ValueError(f"version {version!r} and {len(sources)} sources; expected version 'v1' and 1 source")
        planned = json.loads(metadata)
        timestamp_ms, watermark_ms = (whole_number(planned[f"batch{name}Ms"]) for name in ("Timestamp", "Watermark"))
        return BatchPlan(timestamp_ms, watermark_ms, offsets_of(sources[0]), dict(planned["conf"]))

    def follows(self, before: BatchPlan) -> bool:
        """True if it can be the plan of the batch after that one: with its settings, and not further back."""
        ends = ((topic, partition, end) for topic, ends in before.end.items() for partition, end in ends.items())
        return (
            self.conf == before.conf
            and self.timestamp_ms >= before.timestamp_ms
            and all(self.end.get(topic, {}).get(partition, -1) >= end for topic, partition, end in ends)
        )


def offsets_of(text: str) -> Offsets:
    """Raises ValueError, TypeError or AttributeError unless the text is JSON of offsets by topic and partition."""
    topics = json.loads(text)
    return {
        topic: {partition: whole_number(offset) for partition, offset in partitions.items()}
        for topic, partitions in topics.items()
    }


def whole_number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value
