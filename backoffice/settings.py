"""All settings, read from the environment. A missing or bad value stops the start and names itself.

Locally `manage.py up` writes var/local.env first, so nothing needs to be set by hand; in production nothing is read
from files and nothing has a default that would be unsafe.
"""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from backoffice import postgres_address, queue_choice
from backoffice.console.skin import UNFOLD as UNFOLD  # the console's skin reads its settings from here
from backoffice.environment import (
    HOST_NAME,
    MISSING,
    a_number,
    a_storage,
    addresses,
    at_least_one,
    env,
    fernet_keys,
    flag,
    listed,
    long_secret,
    mail_server,
    name_of_worker,
    networks,
    one_of,
    port,
    read,
    share,
)
from backoffice.local import VAR

A_DAY = 86_400  # seconds
A_YEAR = 366  # days
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = VAR
MODE: str = read("BACKOFFICE_MODE", one_of("local", "production"), "production")
LOCAL = MODE == "local"
DEBUG: bool = read("DEBUG", flag, False)
SECRET_KEY: str = read("SECRET_KEY")
FIELD_KEYS: list[str] = read("FIELD_KEYS", fernet_keys)  # first encrypts, all decrypt; never SECRET_KEY
ALLOWED_HOSTS: list[str] = read("ALLOWED_HOSTS", listed, ["127.0.0.1", "localhost"] if LOCAL else MISSING)
PORT: int = read("PORT", port, 8000)
PUBLIC_URL: str = read("PUBLIC_URL", str, f"http://127.0.0.1:{PORT}" if LOCAL else MISSING)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# How many proxies of our own stand in front; the visitor's address is what the outermost of them wrote down.
PROXIES: int = read("PROXIES", a_number(0, 9), 0 if LOCAL else 1)

# Outbound requests go to public addresses only, except to these networks (a partner in the same data centre, or the
# sandbox).
EGRESS_ALLOW = read("EGRESS_ALLOW", networks, [])
SHOPIFY_API_VERSION: str = read("SHOPIFY_API_VERSION", str, "2026-10")
# Passes that compare a store with us: how much of its budget they leave to live work (0 to 1), how far back the first
# one looks, and how old a change must be before not having heard of it counts as a difference.
LEAVE_TO_LIVE_WORK: float = read("LEAVE_TO_LIVE_WORK", share, 0.3)
RECONCILE_FIRST_DAYS: int = read("RECONCILE_FIRST_DAYS", at_least_one, 2)
DRIFT_GRACE_SECONDS: int = read("DRIFT_GRACE_SECONDS", a_number(0, A_DAY), 60)
REPLACEMENTS_PER_HOUR: int = read("REPLACEMENTS_PER_HOUR", at_least_one, 30)  # a store, as a safety catch
# Days to answer what was asked (with a reminder after each third of them), days in which a late answer opens a claim
# again, days to appeal; and the seconds that money waits for, so that a decision can be undone.
INFO_DAYS: int = read("INFO_DAYS", a_number(1, A_YEAR), 9)
REPLY_DAYS: int = read("REPLY_DAYS", a_number(1, A_YEAR), 30)
APPEAL_DAYS: int = read("APPEAL_DAYS", a_number(1, A_YEAR), 30)
UNDO_SECONDS: int = read("UNDO_SECONDS", a_number(0, A_DAY), 30)

# Mail to staff and partners. Locally it is written to files that the console shows; in production somebody must decide.
MAIL_DIR = VAR / "mail"
MAIL: dict[str, Any] = read(
    "EMAIL_URL",
    mail_server,
    {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"} if LOCAL else MISSING,
)
EMAIL_BACKEND: str = MAIL["EMAIL_BACKEND"]
EMAIL_FILE_PATH = str(MAIL_DIR)
EMAIL_HOST: str = MAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT: int = MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER: str = MAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD: str = MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS: bool = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds; a task may last 60
DEFAULT_FROM_EMAIL: str = read("DEFAULT_FROM_EMAIL", str, f"backoffice@{urlsplit(PUBLIC_URL).hostname or 'localhost'}")
MAIL_DOMAIN = urlsplit(PUBLIC_URL).hostname or "localhost"  # of the Message-IDs
# Whether a shop writes to its customers before anybody has said how: a trial does, production waits for a sender.
CUSTOMER_MAILS: bool = read("CUSTOMER_MAILS", flag, LOCAL)
OPERATORS_MAIL: list[str] = read("OPERATORS_MAIL", addresses, [])  # who looks after this installation
METRICS_TOKEN: str = read("METRICS_TOKEN", long_secret, "")  # without one /metrics is closed

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
if not LOCAL:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production.")
    if any(network.version == own.version and network.overlaps(own) for network in EGRESS_ALLOW for own in LOOPBACK):
        raise ImproperlyConfigured("EGRESS_ALLOW must not name loopback in production.")
    if os.environ.get("FAILPOINTS"):
        raise ImproperlyConfigured("FAILPOINTS must not be set in production: it ends processes on purpose.")
    if len(SECRET_KEY) < 40:
        raise ImproperlyConfigured("SECRET_KEY must have at least 40 random characters.")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_q",
    "backoffice.apps.BackofficeConfig",
    "orders.apps.OrdersConfig",
    "protection.apps.ProtectionConfig",
    "integrations.apps.IntegrationsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backoffice.rest.requests.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backoffice.console.policy.ContentSecurityPolicyMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "backoffice" / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": env.db_url_config(read("DATABASE_URL", str, None) or postgres_address.url())}
DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)
# Locks end with the session that holds them. When a host vanishes without a word, its sessions must end within half a
# minute and not after the two hours of TCP's own defaults; the same for us when the server vanishes.
VANISHED = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
SESSION = {name.replace("keep", "tcp_keep"): value for name, value in VANISHED.items()}
# A process that is frozen, not dead, holds its row locks while its host still answers for it. No transaction of ours
# waits for anything but the database.
SESSION["idle_in_transaction_session_timeout"] = 20_000
# Statements are planned once a session and values sent apart from them: a quarter to two fifths less of the database's
# CPU for a message that comes in.
PREPARED = {"server_side_binding": True, "prepare_threshold": 5}
DATABASES["default"]["OPTIONS"] = {
    **VANISHED,
    **PREPARED,
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
    **DATABASES["default"].get("OPTIONS", {}),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "backoffice" / "console" / "static"]
WHITENOISE_USE_FINDERS = LOCAL

# Photos of claims: outside every directory that is served, under names drawn at random. Another storage (S3, say) is
# set as Django's STORAGES has it, in JSON; its package must be installed.
EVIDENCE_DIR: Path = read("EVIDENCE_DIR", Path, VAR / "evidence")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "evidence": read(
        "EVIDENCE_STORAGE",
        a_storage,
        {"BACKEND": "protection.evidence_files.PrivateFiles", "OPTIONS": {"location": EVIDENCE_DIR}},
    ),
}

# A signed webhook may carry an order with hundreds of lines; Django's default of 2.5 MB would refuse it.
WEBHOOK_MAX_BYTES = 10 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_MAX_BYTES

SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not LOCAL:
    SECURE_SSL_REDIRECT = read("SECURE_SSL_REDIRECT", flag, True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backoffice.rest.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["backoffice.rest.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backoffice.rest.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": None,
    "EXCEPTION_HANDLER": "backoffice.rest.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}

# Whose heartbeats these are. More than one worker on a host are told apart without being named (supervisor.py).
WORKER_NAME: str = read("WORKER_NAME", name_of_worker, socket.gethostname()[:HOST_NAME])

# Bells and schedules only: arguments are ids, the work itself is rows. Each value answers a fault seen on 1.11.1:
# catch_up off (a missed schedule must not run n times), max_attempts 1 (our rows carry the attempts), save_limit -1
# (saving results made the next task wait 13 s after a burst), retry far above timeout (or tasks run twice).
Q_CLUSTER = {
    "name": "backoffice",
    **read("QUEUE", queue_choice.choose, queue_choice.POSTGRES),
    # Two handle the inbox, two send, two call shops: all may be busy at once, and long drains beat from inside.
    "workers": read("WORKERS", at_least_one, 6),
    "queue_limit": 8,
    "timeout": 60,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 5000,
    "poll": 1,
    "log_level": "WARNING",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_tokens": {"()": "backoffice.logs.NoTokens"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "root": {
        "handlers": ["console"],
        "level": read("LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "WARNING"),
    },
}
