"""The one process of figure 3: journals changes, which makes deliveries, then drains them and prints what that took."""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import transaction  # noqa: E402 after the settings

from integrations import sending  # noqa: E402
from orders.journal import record  # noqa: E402
from orders.models import Order  # noqa: E402


def main(connection: int, count: int, orders: int) -> None:
    chosen = list(Order.objects.select_related("shop").order_by("-id")[:orders])
    for turn in range(0, count, orders):
        with transaction.atomic():
            for order in chosen[: count - turn]:
                record("order.updated", shop=order.shop, order=order, by="bench", changed=["note"])
    cpu, began, sent = time.process_time(), time.perf_counter(), 0
    while done := sending.drain():
        sent += done
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    print(json.dumps({"deliveries": sent, **took}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
