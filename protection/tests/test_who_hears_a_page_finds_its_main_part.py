"""A screen reader jumps to the main part of a console page; the skin marks none, so the page does when it is there."""

import pytest
from django.contrib.auth.models import User

from protection.tests.browser import browser, needs_chromium
from protection.tests.builders import make_claim
from protection.tests.console import claim_url

pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "return [...document.querySelectorAll('main, [role=main]')].map(one => one.querySelectorAll('h1').length)"


@needs_chromium
def test_lists_and_cases_have_one_with_their_title_in_it(live_server) -> None:
    User.objects.create_superuser("root", password="a-long-password-for-tests")
    case = claim_url(make_claim())
    with browser() as window:
        window.open(f"{live_server.url}/admin/login/?next=/admin/")
        window.type("[name=username]", "root")
        window.type("[name=password]", "a-long-password-for-tests")
        window.press("Log in")
        window.sees("Open claims")
        for path in ("/admin/", "/admin/protection/claim/", case):
            window.open(f"{live_server.url}{path}")
            assert window.run(MAIN) == [1], path
