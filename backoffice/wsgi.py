"""The WSGI entry point that granian serves."""

import os
import re
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from backoffice.direct import PREFIX, DirectHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django_application = get_wsgi_application()
direct_application = DirectHandler()
BOUNDARY = re.compile(r"""boundary\s*=\s*("[^"]*"|[^\s;]+)""", re.IGNORECASE)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django's application, shielded from what strangers may write behind a Content-Type.

    Django 5.2 reads the address in the charset named there: zlib and rot13 are no text encodings and break it while it
    builds the request, before any handler of ours, as does an unknown one in `x*=`; others give half characters that no
    database takes. Only the boundary of a form is kept, so whatever comes is read as UTF-8.
    """
    content_type, separator, parameters = environ.get("CONTENT_TYPE", "").partition(";")
    if separator:
        boundary = BOUNDARY.search(parameters)
        environ["CONTENT_TYPE"] = content_type.strip() + (f"; boundary={boundary[1]}" if boundary else "")
    if environ["PATH_INFO"].startswith(PREFIX):
        return direct_application(environ, start_response)
    return django_application(environ, start_response)
