"""Loading a bulk file: of orders (`orders`) or of parcels (`parcels`), a batch at a time.

While PostgreSQL writes a batch, a thread reads and translates the one behind it: each takes about as long.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg

from integrations.history.batches import Batch, Job, Loaded, NotNew
from integrations.history.orders import OrderLoader
from integrations.history.parcels import ParcelLoader


def load(
    database: psycopg.Connection[Any], job: Job, at: int, *, has_far: bool, may_go_on: Callable[[], bool] = lambda: True
) -> Iterator[Loaded]:
    """Load the file from the byte `at` on, yielding after each batch's commit, until its end or `may_go_on` says no.

    `has_far` says that children were staged. Raises Superseded, psycopg.Error when the database cannot be used.
    """
    kind = ParcelLoader if job.holds == "parcels" else OrderLoader
    loader, size, may_be_new = kind(database, job, has_far), job.batch, True
    following: Future[Batch | None] | None = None
    with _beside(database) as session, ThreadPoolExecutor(1) as reader:
        while may_go_on():
            try:
                batch = (following or reader.submit(loader.read, session, at, size, may_be_new=may_be_new)).result()
                if batch is None:
                    return
                following, may_be_new = reader.submit(loader.read, session, batch.done.at, size), True
                done = loader.write(batch)
            except NotNew:
                following, may_be_new = None, False
                continue
            except psycopg.DataError as error:
                following = None
                if size > 1:
                    size = max(1, size // 10)
                    continue
                done = loader.pass_over(at, str(error).splitlines()[0])
            at = done.at
            yield done
            size = min(job.batch, size * 2)


def _beside(database: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A second session on the same database: what is read ahead is looked up while the first one writes."""
    info = database.info
    return psycopg.connect(info.dsn, password=info.password or None, prepare_threshold=None, autocommit=True)
