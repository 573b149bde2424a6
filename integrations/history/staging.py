"""Before a file is loaded: it is gone through once, and the children that stand far from their orders are set aside."""

from pathlib import Path
from typing import Any

import psycopg

from integrations.history import place, reading
from integrations.history.reading import Survey


def stage(
    database: psycopg.Connection[Any], run: int, path: Path, *, is_partial: bool = False, holds: str = "orders"
) -> Survey:
    """Set the far children of this file aside for `run`, instead of what was set aside for it before.

    A partial file with far children lacks others of its orders; nothing of it can be believed, and nothing is staged.
    Raises reading.Cut for a file that is not whole, before anything is written.
    """
    survey = Survey()
    with database.transaction(), database.cursor() as cursor:
        cursor.execute(place.FORGET_FAR, {"run": run})
        with cursor.copy(place.STAGE_FAR) as copy:
            for parent, end, line in reading.far_children(path, survey, is_partial=is_partial):
                if not is_partial:
                    copy.write_row((run, reading.named(parent), end, line))
        if holds != "orders":
            survey.orders = 0  # no more orders to look at
        cursor.execute(place.STAGED, {"run": run, "far": survey.far, "total": survey.orders})
    return survey


def forget(database: psycopg.Connection[Any], run: int, shop: int) -> int:
    """Drop what was set aside; returns how many children had an order neither in the file nor here."""
    with database.transaction(), database.cursor() as cursor:
        ((orphans,),) = cursor.execute(place.ORPHANS, {"run": run, "shop": shop}).fetchall()
        cursor.execute(place.FORGET_FAR, {"run": run})
    return int(orphans)
