"""What came of a request that went well; what can go wrong is in errors.py."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One line for the log, the HTTP status and the first part of the answer where there was one."""

    outcome: str
    status: int | None = None
    answer: str = ""
