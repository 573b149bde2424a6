"""Settings of the test run: an own embedded PostgreSQL, and secrets that are worth nothing."""

import os

os.environ.update(
    BACKOFFICE_MODE="local",
    SECRET_KEY="tests-only-" + "x" * 40,
    FIELD_KEYS="dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    EGRESS_ALLOW="127.0.0.0/8",
    UNDO_SECONDS="0",
    CUSTOMER_MAILS="0",
    DEBUG="0",
)

from backoffice import postgres
from backoffice.local import VAR

# Durability is not under test here (tests/ restarts a server of its own for that); fsync would triple the run time.
if not os.environ.get("TEST_DATABASE_URL"):
    FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    # One for each process of a run: what is settled in the feed is a question to the whole server, and another's open
    # transactions would answer it.
    which = "-".join(["postgres-test", *filter(None, [os.environ.get("PYTEST_XDIST_WORKER")])])
    os.environ["DATABASE_URL"] = postgres.start(VAR / which, tuning=FAST, keep_running=False)
else:
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from backoffice.settings import *  # noqa: F403

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 whitenoise warns of a missing one
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "evidence": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}
# A test may hold its transaction for as long as it lasts.
DATABASES["default"]["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"  # noqa: F405
WHITENOISE_AUTOREFRESH = True  # looks for a file when it is asked for; otherwise each test's client reads all of them
