"""Django settings of the stand-in: no database, no cookies, loopback only."""

import secrets
from pathlib import Path

# Nothing is signed with it; a new one at each start is as good as any.
SECRET_KEY = secrets.token_urlsafe(32)
DEBUG = False
# Also what keeps foreign web pages out that point their own name at this address.
# Shops' own domains lead nowhere else, so that a client which names one may come here too.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", ".myshopify.com"]
ROOT_URLCONF = "sandbox.urls"
APPEND_SLASH = False
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "sandbox.server.SameOrigin"]
INSTALLED_APPS: list[str] = []
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"]}
]
USE_TZ = True
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
    },
}
