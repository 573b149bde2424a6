"""What one pass over a store looks at, and how it heals what differs; `reconcile.py` begins passes.

Whatever a lost, doubled, late or reordered message broke is found here, for orders are looked at by the shop's own
`updated_at`, fulfillment orders by theirs (their changes do not move the order's) and deletions by their events. Heads
are compared first, a page at a time; only an order that is unknown, older here or different is read whole. It enters
by the one door, so partners are told of it as of anything else.

An order that cannot be read is kept and tried again by the next pass; when there are too many, the window does not
move.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import comparing, passes, suspects
from integrations.differences import said
from integrations.errors import GiveUp, RetryLater, Unreadable
from integrations.models import Drift, SyncRun
from integrations.passes import Over, Stuck
from integrations.shopify import polling, stock, waiting
from integrations.shopify.arriving import origin_of, shop_of
from integrations.shopify.pacing import Paced
from integrations.shopify.polling import PartHead
from orders import intake
from orders.models import Order
from protection import coverage

logger = logging.getLogger(__name__)

TRIES = 3  # of one order in one pass
IN_A_ROW = 3  # orders that get no answer; then it is the shop that does not answer
AGAIN_SECONDS = 20.0  # until a shop that does not answer is asked again
PATIENCE = 20.0  # seconds that one slice may wait for the shop's budget
MOST_FAILED = 1000  # orders kept for the next pass
FAILURES_SHOWN = 100


def step(run: SyncRun, deadline: float) -> bool:
    """One slice of a pass until `deadline` (time.monotonic); True when it is over. Raises Stuck, Over."""
    return _Pass(run).go_on(deadline)


class _Pass:
    """The work of one slice. `run.cursor` holds all that the next one needs: phase, page, orders to read, failures."""

    def __init__(self, run: SyncRun) -> None:
        self.run = run
        self.cursor: dict[str, Any] = run.cursor
        self.connection = run.connection
        self.shopify = Paced(run.connection, patience=PATIENCE)
        self.unanswered = 0

    def go_on(self, deadline: float) -> bool:
        try:
            while time.monotonic() < deadline:
                if self.cursor["todo"]:
                    self._read_one()
                elif self.cursor["phase"] is None:
                    return True
                else:
                    self._ask(self.PHASES[self.cursor["phase"]][0])
            return False
        finally:
            waited = self.run.facts.get("waited_seconds", 0) + self.shopify.waited
            self.run.facts["waited_seconds"] = round(waited, 1)

    # --- pages ----------------------------------------------------------------------------------------------------

    def _ask(self, page: Callable[["_Pass"], None]) -> None:
        """One page; a shop that does not answer is left alone for a while."""
        try:
            page(self)
        except RetryLater as error:
            raise Stuck(str(error), error.after or AGAIN_SECONDS) from error
        except GiveUp as error:
            if not self.PHASES[self.cursor["phase"]][1]:
                raise Over(str(error)) from error
            # What a store does not let us see must not hold up what it does.
            self.run.facts[self.cursor["phase"]] = f"not looked at: {error}"[:300]
            self._turn(None)
        passes.came_further(self.run)
        passes.keep(self.run)

    def _names(self) -> None:
        found = set(
            Order.objects.filter(shop=self.connection.shop_id, name__in=self.cursor["names"]).values_list(
                "remote_id", flat=True
            )
        )
        for name in self.cursor["names"]:
            found |= set(polling.named(self.shopify, name))
        self.run.total = self.run.looked_at = len(found)
        self._note_time()
        self._read(sorted(found))
        self.cursor["phase"] = None

    def _orders(self) -> None:
        since = self._since()
        if self.run.total is None:
            self.run.total = polling.count(self.shopify, since, self.run.until)
            self._note_time()
        page = polling.order_heads(self.shopify, since, self.run.until, self.cursor.get("after"))
        self.run.looked_at += len(page.found)
        if self.cursor["deep"]:
            self._read([head.remote_id for head in page.found])
        else:
            self._read(suspects.of_heads(self.connection, page.found))
        self._turn(page.after)

    def _fulfillment_orders(self) -> None:
        page = polling.fulfillment_orders(self.shopify, self._since(), self.run.until, self.cursor.get("after"))
        self._count("fulfillment_orders", len(page.found))
        self._read(suspects.of_fulfillment_orders(self.connection, page.found))
        self._turn(page.after)

    def _deletions(self) -> None:
        page = polling.deletions(self.shopify, self._since(), self.run.until, self.cursor.get("after"))
        self._count("deletions", len(page.found))
        ours = Order.objects.filter(shop=self.connection.shop_id, deleted_at=None)
        known = set(ours.filter(remote_id__in=[one.order_id for one in page.found]).values_list("remote_id", flat=True))
        for deletion in page.found:
            if deletion.order_id in known:
                self._delete(deletion)
        self._turn(page.after)

    def _stock(self) -> None:
        tries = self.cursor.get("stock_tries", 0)
        if tries >= TRIES:  # it cannot be cut into slices, and takes longer than a worker is given
            self.run.facts["stock"] = "not looked at to the end: too much has changed"
            self._turn(None)
            return
        self.cursor["stock_tries"] = tries + 1
        passes.keep(self.run)
        try:
            looked_at, fresh = stock.poll(self.connection, self._since(), self.shopify)
            self.run.facts |= {"stock_levels": looked_at, "stock_levels_new": fresh}
        except RetryLater as error:  # the next pass begins earlier than this one ended, so nothing is lost
            self.run.facts["stock"] = f"not looked at to the end: {error}"[:300]
        self._turn(None)

    # phase → (one page of it, whether a pass goes on without what the store does not let us see)
    PHASES: ClassVar[dict[str, tuple[Callable[["_Pass"], None], bool]]] = {
        "names": (_names, False),
        "orders": (_orders, False),
        "fulfillment_orders": (_fulfillment_orders, True),
        "deletions": (_deletions, True),
        "stock": (_stock, True),
    }

    def _turn(self, after: str | None) -> None:
        """To the next page, or to the next phase."""
        self.cursor["after"] = after
        if after is None:
            phases = list(self.PHASES)
            left = phases[phases.index(self.cursor["phase"]) + 1 :]
            self.cursor["phase"] = left[0] if left else None

    def _since(self) -> datetime:
        assert self.run.since is not None
        return self.run.since

    def _note_time(self) -> None:
        """The window ends at the shop's time of the first answer: what comes later is the next pass's."""
        if self.run.until is None:
            self.run.until = self.shopify.shop_time or timezone.now()

    # --- single orders --------------------------------------------------------------------------------------------

    def _read(self, remote_ids: Sequence[int]) -> None:
        planned = {pk for pk, _ in self.cursor["todo"]} | {int(pk) for pk in self.cursor.get("failed", {})}
        self.cursor["todo"] += [[pk, 0] for pk in remote_ids if pk not in planned]

    def _read_one(self) -> None:
        """Read the next order and let it in. The try is counted before it starts: one that kills us is given up."""
        remote_id, tries = self.cursor["todo"][0]
        if tries >= TRIES:
            self._failed(remote_id, "No try of it came to an end.")
            return
        self.cursor["todo"][0][1] += 1
        passes.keep(self.run)
        try:
            self._let_in(remote_id)
        except RetryLater as error:
            self._try_later(remote_id, tries + 1, error)
        except GiveUp as error:
            if error.parked == "configuration":
                raise Over(str(error)) from error
            self._failed(remote_id, str(error))
        except Unreadable as error:
            self._failed(remote_id, str(error))
        except waiting.TooMany as error:
            raise Stuck(str(error), AGAIN_SECONDS) from error
        except Exception as error:  # one order of a kind nobody has seen must not hold up the rest
            logger.exception("Order %s of %s cannot be let in", remote_id, self.connection)
            self._failed(remote_id, f"{type(error).__name__}: {error}")
        else:
            self.unanswered = 0
            self._done()

    def _let_in(self, remote_id: int) -> None:
        on_its_way = remote_id in waiting.orders_told_of(self.connection)
        comparison = comparing.read_and_heal(
            self.connection, remote_id, by=self.run.by, shopify=self.shopify,
            is_drift=lambda read: not on_its_way and self._is_settled(read.updated_at),
        )  # fmt: skip
        self._count("read")
        if comparison.what == "hidden":
            self._count("hidden")
        elif comparison.what == "older":
            self._count("newer_here")
        elif comparison.what == "differs":
            self.run.drift_found += 1
            self.run.failed += 1
            fields = ", ".join(difference.field for difference in comparison.found)
            self._note_failure(remote_id, f"still differs in {fields}")
        elif comparison.healed and not comparison.is_drift:
            self._count("on_its_way")
        elif comparison.healed:
            self.run.drift_found += 1
            self.run.healed += 1
            if comparison.healed[0].field == "order":
                self._count("missing")

    def _is_settled(self, moment: datetime) -> bool:
        """Whether a message about what happened then should have come by now."""
        shop_time = self.shopify.shop_time or timezone.now()
        return shop_time - moment >= timedelta(seconds=settings.DRIFT_GRACE_SECONDS)

    def _try_later(self, remote_id: int, tries: int, error: RetryLater) -> None:
        """To the end of the line; when one after another gets no answer, the whole pass waits."""
        if tries >= TRIES:
            self._failed(remote_id, str(error))
        else:
            self.cursor["todo"].append(self.cursor["todo"].pop(0))
        self.unanswered += 1
        if error.after is not None or self.unanswered >= IN_A_ROW:
            raise Stuck(str(error), error.after or AGAIN_SECONDS) from error

    def _delete(self, deletion: PartHead) -> None:
        """The shop says that it deleted an order we have: mark it."""
        is_drift = self._is_settled(deletion.at) and deletion.order_id not in waiting.orders_told_of(self.connection)
        with transaction.atomic():
            origin = origin_of(self.connection)
            outcome = intake.mark_deleted(shop_of(self.connection), deletion.order_id, origin)
            coverage.refresh(outcome.order, by=origin.by, source=origin.source)
            if is_drift:
                Drift.objects.create(
                    connection=self.connection, order=outcome.order, healed_at=timezone.now(),
                    healed_by=self.run.by[:255],
                    fields=[{"field": "deleted", "ours": "", "theirs": said(deletion.at)}],
                )  # fmt: skip
        self._count("deleted")
        if is_drift:
            self.run.drift_found += 1
            self.run.healed += 1

    def _failed(self, remote_id: int, why: str) -> None:
        failed = self.cursor.setdefault("failed", {})
        failed[str(remote_id)] = why[:200]
        self.run.failed += 1
        self._note_failure(remote_id, why)
        self._done()
        if len(failed) > MOST_FAILED:
            raise Over(f"More than {MOST_FAILED:,} orders could not be read. The last: {why}")

    def _note_failure(self, remote_id: int, why: str) -> None:
        shown = self.run.facts.setdefault("failures", [])
        if len(shown) < FAILURES_SHOWN:
            shown.append({"order": remote_id, "why": why[:300]})

    def _done(self) -> None:
        self.cursor["todo"].pop(0)
        passes.came_further(self.run)
        passes.keep(self.run)

    def _count(self, what: str, number: int = 1) -> None:
        self.run.facts[what] = self.run.facts.get(what, 0) + number
