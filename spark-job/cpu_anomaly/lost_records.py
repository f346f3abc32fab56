"""Which records a broker has lost before the query read them, told from offsets."""

from __future__ import annotations

from collections.abc import Mapping

from cpu_anomaly.topics import Bounds


class RecordsLostError(Exception):
    """Records that the query has not read are no longer on the broker."""


def require_unread_records(topic: str, position: Mapping[str, int], bounds: Bounds) -> None:
    """Raises RecordsLostError if the broker lacks records between a position that no task has read past and the end.

    Retention removes the oldest records; a broker that lost its disk, or an unclean leader election, the newest. A
    partition that the position does not have is new and is read from offset 0. An empty position lacks nothing: the
    query has not started to read yet.
    """
    problems = [
        problem
        for partition in sorted(bounds.end, key=int)
        if position and (problem := loss_in(partition, position.get(partition, 0), bounds))
    ]
    if problems:
        raise RecordsLostError(
            f"records of topic {topic} were removed before the job read them: {'; '.join(problems)}; the results would "
            "lack them: start a new checkpoint with `submit --new-checkpoint` to read what is left"
        )


def loss_in(partition: str, wanted: int, bounds: Bounds) -> str | None:
    earliest, end = bounds.earliest.get(partition, 0), bounds.end[partition]
    if wanted < earliest:
        return f"partition {partition}: {earliest - wanted} lost, wanted offset {wanted}, the earliest is {earliest}"
    if wanted > end:
        return f"partition {partition}: the job has read up to offset {wanted}, but the topic ends at {end}"
    return None


def new_records_text(topic: str, new: Mapping[str, int], position: Mapping[str, int]) -> str:
    problems = "; ".join(
        f"partition {each}: the job has read up to offset {position[each]}, but what is there from {new[each]} on was "
        "written after its last results"
        for each in sorted(new, key=int)
    )
    return (
        f"the broker has lost the end of topic {topic}, and has given its offsets to new records: {problems}; the "
        "results would lack those records: start a new checkpoint with `submit --new-checkpoint` to read what is there"
    )
