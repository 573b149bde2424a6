"""QUEUE: postgres without being asked, Redis or SQS by one value; a bad value or a missing library stops the start."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from backoffice.local import ROOT
from backoffice.queue_choice import choose
from backoffice.tests.test_settings_name_the_bad_value import PRODUCTION, load


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both client libraries can be found; nothing of them is needed to read the value."""
    for name in ("redis", "boto3"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_without_it_the_queue_is_the_database(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from backoffice import settings; print(settings.Q_CLUSTER['broker_class'])"],
        cwd=ROOT, env={"BACKOFFICE_VAR": str(tmp_path), **PRODUCTION}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.strip() == "integrations.queues.postgres.Queue"
    assert choose("postgres")["broker_class"] == "integrations.queues.postgres.Queue"


def test_redis_is_reached_as_the_address_says(libraries: Path) -> None:
    chosen = choose("rediss://ops:p%40ss@queue.example:6390/3")
    assert chosen["broker_class"] == "integrations.queues.redis.Queue"
    reached = {name: chosen["redis"][name] for name in ("host", "port", "db", "ssl", "username", "password")}
    assert reached == {
        "host": "queue.example", "port": 6390, "db": 3, "ssl": True, "username": "ops", "password": "p@ss",
    }  # fmt: skip
    assert choose("redis://127.0.0.1")["redis"].items() >= {"port": 6379, "db": 0, "ssl": False}.items()


def test_sqs_is_named_by_region_and_queue(libraries: Path) -> None:
    chosen = choose("sqs://eu-west-1/backoffice-prod")
    assert (chosen["broker_class"], chosen["sqs"]["aws_region"]) == ("integrations.queues.sqs.Queue", "eu-west-1")
    # django-q2 runs schedules only where the cluster, which names the queue, is named as the site is.
    assert chosen["name"] == "backoffice-prod"
    assert "cluster_name" not in chosen


@pytest.mark.parametrize(
    "value",
    [
        "rabbit://host/0",
        "redis://",
        "redis://host:port/0",
        "redis://host/first",
        "redis://host/0?db=1",
        "sqs://eu-west-1",
        "sqs://europe/backoffice",
        "sqs://eu-west-1/backoffice.fifo",
        "sqs://eu-west-1/a/b",
        "sqs://AKIA:hunter2@eu-west-1/backoffice",
    ],
)
def test_a_bad_value_is_refused(libraries: Path, value: str) -> None:
    with pytest.raises(ValueError, match=r"expected|do not belong"):
        choose(value)


@pytest.mark.parametrize(
    "value", ["redis://ops:hunter2", "redis://:hunter2@host/x", "sqs://AKIA:hunter2@eu-west-1/q", "amqp://o:hunter2@h"]
)
def test_a_password_is_not_repeated(tmp_path: Path, value: str) -> None:
    done = load(tmp_path, QUEUE=value)
    assert done.returncode == 1
    assert "ImproperlyConfigured: QUEUE has a bad value" in done.stderr.splitlines()[-1]
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("value, library", [("redis://127.0.0.1", "redis"), ("sqs://eu-west-1/backoffice", "boto3")])
def test_a_missing_library_stops_the_start_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, value: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # the same as not installed, also where it is
    with pytest.raises(ValueError, match=f"pip install {library}"):
        choose(value)


@pytest.mark.parametrize("name, value", [("WORKERS", "0"), ("WORKERS", "-1"), ("WORKER_NAME", "x" * 201)])
def test_a_worker_needs_processes_and_a_name(tmp_path: Path, name: str, value: str) -> None:
    done = load(tmp_path, **{name: value})
    assert f"ImproperlyConfigured: {name} has a bad value: expected" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(find_spec("boto3") is None, reason="boto3 is not here: pip install boto3")
def test_the_sqs_queue_is_made_without_asking_amazon(tmp_path: Path) -> None:
    made = (
        "import django; django.setup()\n"
        "from django_q.brokers import get_broker\n"
        "queue = get_broker(); queue.ping()\n"
        "print(type(queue).__module__, queue.list_key, queue.connection.region_name, queue.queue)"
    )
    environment = {
        "BACKOFFICE_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "PYTHONPATH": ":".join(sys.path), "QUEUE": "sqs://eu-west-1/backoffice-prod", **PRODUCTION,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", made], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["integrations.queues.sqs", "backoffice-prod", "eu-west-1", "None"], done.stderr
