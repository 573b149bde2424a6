"""QUEUE=sqs://…: scheduled tasks wait in Amazon SQS. Needs the library `boto3`, which is not locked."""

from typing import Any

from django_q.brokers.aws_sqs import Sqs

from integrations.queues.outside import Outside


class Queue(Outside, Sqs):
    """Found by its name at first use, made if there is none and the credentials may."""

    def get_queue(self) -> Any:
        """The queue as boto3 knows it, None while the broker is only being made."""
        return super().get_queue() if self.may_ask else None
