"""A charset that is no text encoding must not break a request before anybody looks at it."""

from typing import Any

import pytest
from django.test import RequestFactory

from backoffice.wsgi import application


def status_of(method: str, path: str, content_type: str) -> int:
    """Through the entry point that the server calls: Django's test client builds its requests past it."""
    environ: dict[str, Any] = RequestFactory().generic(method, path, b"a=b", content_type="text/plain").environ
    environ["CONTENT_TYPE"] = content_type
    statuses: list[str] = []
    answer = application(environ, lambda status, headers, *rest: statuses.append(status))
    getattr(answer, "close", lambda: None)()
    return int(statuses[0].split()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["zlib", "rot13", "ROT13; boundary=x", '"zlib"', "nonsense", "utf-16", ""])
@pytest.mark.parametrize("path", ["/livez?a=b", "/v1/orders?limit=5", "/admin/login/?next=x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_odd_charset_is_not_an_error_of_ours(method: str, path: str, charset: str) -> None:
    assert status_of(method, path, f"application/x-www-form-urlencoded; charset={charset}") < 500


@pytest.mark.django_db
@pytest.mark.parametrize("parameter", ["CHARSET=zlib", "charset =zlib", "charset*=''zlib", "x*=nonsense''y"])
def test_nor_is_any_other_way_to_name_one(parameter: str) -> None:
    assert status_of("POST", "/livez?a=b", f"text/plain; {parameter}") < 500


@pytest.mark.django_db
def test_the_address_is_read_as_utf_8_whatever_the_body_claims_to_be() -> None:
    assert status_of("GET", "/c/?order=%5Cud800", "text/plain; charset=unicode_escape") == 200
