"""A backfill that is killed, anywhere and again and again, goes on where it was and ends with the same rows."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection as database

from backoffice import failpoints
from integrations import passes
from integrations.history import process, spool
from integrations.models import SyncRun, UnfinishedOrder
from integrations.tests.bulk import begin, line_node, of, order_node, write
from integrations.tests.shopify import connect
from orders.models import Customer, JournalEntry, LineItem, Order
from sandbox.tests import running
from tests.processes import PYTHON, ROOT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
]
IN_THE_LOADER = ("history.staged", "history.merged", "history.committed")


def rows() -> list[object]:
    return [
        list(Order.objects.order_by("remote_id").values_list("remote_id", "name", "total", "digest")),
        list(LineItem.objects.order_by("remote_id").values_list("remote_id", "order__remote_id", "position", "sku")),
        list(Customer.objects.order_by("remote_id").values_list("remote_id", "email")),
        sorted(JournalEntry.objects.values_list("action", "order__remote_id")),
    ]


def apart(count: int):
    """Orders first, all their lines behind them."""
    groups = [of(order_node(number), line_node(), line_node()) for number in range(1, count + 1)]
    return [order for order, *_ in groups] + [line for _, *lines in groups for line in lines]


def test_the_loader_is_killed_at_each_of_its_failpoints(tmp_path, monkeypatch):
    connection = connect()
    path = write(tmp_path / "file", apart(200))
    run = begin(connection)
    monkeypatch.setenv("FAILPOINTS", str(tmp_path))
    died = []
    for name in IN_THE_LOADER * 2:
        (tmp_path / name).touch()
        ended = process.load(run, path, batch=20)
        died.append((ended.what, (tmp_path / name).exists()))
        run.refresh_from_db()
        assert run.looked_at == Order.objects.count() == JournalEntry.objects.count()
    assert died == [("died", False)] * 6
    assert process.load(run, path, batch=20).what == "done"
    run.refresh_from_db()
    assert (run.looked_at, run.facts["made"], Order.objects.count()) == (200, 200, 200)
    killed = rows()
    with database.cursor() as cursor:
        cursor.execute("TRUNCATE orders_shop, integrations_connection CASCADE")
    process.load(begin(connect()), path)
    assert rows() == killed


def test_a_loader_ends_when_its_time_is_up_and_the_next_goes_on(tmp_path):
    path = write(tmp_path / "file", apart(60))
    run = begin(connect())
    assert process.load(run, path, batch=20, seconds=1e-9).what == "more"
    assert process.load(run, path, batch=20).what == "done"
    assert Order.objects.count() == 60


def test_far_children_that_a_crash_of_the_server_took_are_read_again(tmp_path):
    path = write(tmp_path / "file", apart(60))
    run = begin(connect())
    process.load(run, path, seconds=1e-9)
    with database.cursor() as cursor:
        cursor.execute("TRUNCATE integrations_farchild")
    process.load(run, path)
    assert LineItem.objects.count() == 120


def test_the_whole_command_is_killed_at_every_failpoint_of_history(tmp_path):
    names = [name for name in failpoints.names() if name.startswith("history.")]
    store = running.start(tmp_path)
    try:
        for kind in ("fulfil", "refund"):
            store.press(store.place(lines=[{"sku": "FW-MUG", "quantity": 2}])["id"], kind)
        store.post("/sandbox/faults.json", bulk_seconds=0.1)
        connect(store.shop, api_url=store.url, token=store.token)
        points = tmp_path / "points"
        points.mkdir()
        command = [PYTHON, "manage.py", "backfill", "--shop", store.shop]
        environment = os.environ | {
            "DATABASE_URL": url_of_the_test(), "FAILPOINTS": str(points),
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        }  # fmt: skip
        for name in names:
            (points / name).touch()
        codes: list[int] = []
        while 0 not in codes and len(codes) < 5:
            done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=60)
            codes.append(done.returncode)
            assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-2000:]
    finally:
        store.stop()
    # Two in the command itself; the loader's deaths it survives.
    assert (codes, list(points.iterdir())) == ([-signal.SIGKILL, -signal.SIGKILL, 0], [])
    run = SyncRun.objects.get()
    assert (run.state, run.looked_at) == ("done", Order.objects.count())
    assert Order.objects.count() >= 2
    assert Order.objects.exclude(refunds=None).count() == Order.objects.exclude(fulfillments=None).count() == 1
    told = JournalEntry.objects.filter(action="order.imported")
    again = Order.objects.filter(refunds=None).exclude(fulfillments=None)  # when their parcels had come
    assert told.exclude(facts__has_key="parcels").count() == Order.objects.count()
    assert told.filter(facts__has_key="parcels").count() == again.count()
    assert not UnfinishedOrder.objects.exists()
    assert not spool.path_of(run.public_id).exists()


def url_of_the_test() -> str:
    name = process.database_parameters()["dbname"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def test_a_loader_needs_no_more_memory_for_a_larger_file(tmp_path):
    """Notes of 20 kB: a file three times as large, read and written in the same pieces."""
    connection, peaks = connect(), []
    for count in (1_000, 3_000):
        nodes = (node for _ in range(count) for node in of(order_node(note="n" * 20_000), line_node()))
        path = write(tmp_path / "file", nodes)
        run = begin(connection)
        peaks.append(process.load(run, path).peak_kilobytes)
        passes.end(run)
    assert path.stat().st_size > 60e6
    assert Order.objects.count() == 4_000
    small, large = peaks
    assert large - small < 10_000
    assert large < 64_000
