"""The WSGI entry point that granian serves."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from backoffice.direct import PREFIX, DirectHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django_application = get_wsgi_application()
direct_application = DirectHandler()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django's application, shielded from charsets that are no text encoding.

    Python knows codecs such as zlib and rot13; Django 5.2 takes one from the Content-Type and fails while it builds the
    request, before any handler of ours, so a stranger could have a 500. Such a charset is dropped: UTF-8 applies.
    """
    content_type, separator, charset = environ.get("CONTENT_TYPE", "").partition("charset=")
    if separator and not _is_text(charset.split(";")[0].strip(" \"'")):
        environ["CONTENT_TYPE"] = content_type.rstrip("; ")
    if environ["PATH_INFO"].startswith(PREFIX):
        return direct_application(environ, start_response)
    return django_application(environ, start_response)


def _is_text(charset: str) -> bool:
    try:
        "x".encode(charset)
    except (LookupError, ValueError):  # unknown, not for text, or not even a name
        return False
    return True
