"""When enough people have spoken. Pure: counts in, verdict out."""

from typing import Literal

Settled = Literal["approved", "rejected"] | None


def approvals_wanted(*, quorum: str, seats: int, needed: int) -> int:
    return {"ANY": 1, "N": needed, "MAJORITY": seats // 2 + 1, "UNANIMOUS": seats}[quorum]


def tally(
    *,
    quorum: str,
    seats: int,
    needed: int,
    reject_vetoes: bool,
    approvals: int,
    rejections: int,
) -> Settled:
    """`approvals` and `rejections` are of one revision. None while the seats that are still
    open could decide either way."""
    wanted = approvals_wanted(quorum=quorum, seats=seats, needed=needed)
    if rejections and reject_vetoes:
        return "rejected"
    if approvals >= wanted:
        return "approved"
    if seats - rejections < wanted:
        return "rejected"
    return None
