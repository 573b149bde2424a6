"""What can go wrong with an outside system, in the terms the inbox and the outbox act on."""


class RetryLater(Exception):
    """It did not work this time and may the next: time-outs, 5xx, throttling. `after` is the least wait in seconds."""

    def __init__(
        self, message: str, *, after: float | None = None, status: int | None = None, answer: str = ""
    ) -> None:
        super().__init__(message)
        self.after = after
        self.status = status
        self.answer = answer


class NotYet(RetryLater):
    """The receiver answers well and is not ready, or we hold back ourselves: looked at again after `after` seconds.

    No failed try: it neither uses up the schedule nor says anything against the connection.
    """


class Throttled(NotYet):
    """Too much was asked at once: the receiver did not even look at this request, nor will it at the next so soon."""


class GiveUp(Exception):
    """Trying again cannot help. `parked` is one of Delivery.Parked: refused, gone, configuration, blocked_address."""

    def __init__(self, message: str, *, parked: str, status: int | None = None, answer: str = "") -> None:
        super().__init__(message)
        self.parked = parked
        self.status = status
        self.answer = answer


class Ignored(Exception):
    """A message was understood and nothing is to be done. The message says why.

    `waits_for` is the remote id of the order it is about, when it can be handled once that order arrives.
    """

    def __init__(self, message: str, *, waits_for: int | None = None) -> None:
        super().__init__(message)
        self.waits_for = waits_for


class Unreadable(Exception):
    """A message cannot be understood; another try will not help, staff must look."""
