"""Starting a loader (`python -m integrations.history`) for a slice of a pass, and hearing how far it comes."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.db import connection as database
from django.db.models.functions import Now

from backoffice.local import ROOT
from backoffice.orphans import die_with_parent
from integrations.history.batches import BATCH, Job
from integrations.models import SyncRun
from integrations.shopify.arriving import shop_of
from orders.models import Shop
from protection.models import PlanVersion

BEAT_SECONDS = 10.0
_EXITS = {0: "done", 10: "more", 11: "cut", 12: "superseded"}  # as integrations.history says them


@dataclass(slots=True)
class Ended:
    """How a loader ended: done, more (the time was up), cut (the file is not whole), superseded or died; and why."""

    what: str
    why: str = ""
    orphans: int = 0
    peak_kilobytes: int | None = None


def load(
    run: SyncRun, path: Path, *, holds: str = "orders", is_partial: bool = False, seconds: float | None = None,
    batch: int = BATCH, watch: Callable[[SyncRun], None] = lambda run: None,
) -> Ended:  # fmt: skip
    """Load the file for this pass, for about `seconds`. `watch` is shown the run after each batch.

    The process gets its task on standard input (the database's password must not be seen in a list of processes) and
    ends when we do.
    """
    job = job_of(run, path, holds=holds, is_partial=is_partial, batch=batch)
    task = {"job": asdict(job), "database": database_parameters(), "seconds": seconds}
    facts: dict[str, Any] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "integrations.history"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=partial(die_with_parent, parent=os.getpid()),
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        json.dump(task, process.stdin)
        process.stdin.close()
        looked_at = run.looked_at
        for line in _lines(process.stdout, run):
            facts |= json.loads(line)
            run.looked_at = looked_at + facts.get("looked_at", 0)
            run.total = looked_at + facts["total"] if "total" in facts else run.total
            watch(run)
        trouble = process.stderr.read().strip()
    what = _EXITS.get(process.returncode, "died")
    why = facts.get("why") or (trouble.splitlines()[-1] if trouble else f"The loader ended with {process.returncode}.")
    return Ended(what, why, facts.get("orphans", 0), facts.get("peak_kilobytes"))


def _lines(output: IO[str], run: SyncRun) -> Iterator[str]:
    """What the loader says, line by line. While it says nothing our own session must show that we are not frozen."""
    while True:
        if not select.select([output], [], [], BEAT_SECONDS)[0]:
            SyncRun.objects.filter(pk=run.pk).update(beat_at=Now())
        elif line := output.readline():
            yield line
        else:
            return


def job_of(run: SyncRun, path: Path, *, holds: str = "orders", is_partial: bool = False, batch: int = BATCH) -> Job:
    """What a loader must know to load the file for this pass."""
    shop = shop_of(run.connection)
    return Job(
        run=run.pk,
        connection=run.connection_id,
        shop=shop.pk,
        domain=shop.domain,
        source=run.connection.public_id,
        path=str(path),
        holds=holds,
        is_partial=is_partial,
        batch=batch,
        fees=_fees(shop),
    )


def _fees(shop: Shop) -> dict[str, list[Any]]:
    """Whatever tells a protected order in any version of the shop's plans, as text; {} without a plan."""
    versions = list(PlanVersion.objects.filter(plan__shop=shop))
    if not versions:
        return {}
    return {
        "skus": sorted({sku for version in versions for sku in version.fee_skus}),
        "products": sorted({str(number) for version in versions for number in version.fee_product_ids}),
        "variants": sorted({str(number) for version in versions for number in version.fee_variant_ids}),
        "attributes": sorted({version.fee_attribute for version in versions} - {""}),
    }


def database_parameters() -> dict[str, Any]:
    """Django's own, for a session beside it."""
    parameters: dict[str, Any] = database.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    return parameters
