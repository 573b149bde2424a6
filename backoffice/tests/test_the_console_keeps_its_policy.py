"""What the browser is told it may do, and that the skin is the one our overrides were written for."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from backoffice.console import policy

pytestmark = pytest.mark.django_db
CONSOLE = Path(policy.__file__).parent
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=[\"']", re.IGNORECASE)
OTHER_HOST = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//(?!testserver)", re.IGNORECASE)


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="a-long-password-for-tests"))
    return client


def test_the_log_in_page_loads_nothing_from_elsewhere_and_runs_no_inline_script():
    answer = Client().get("/admin/login/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "script-src 'self' 'unsafe-eval'" in answer["Content-Security-Policy"]
    assert not INLINE_SCRIPT.search(page)
    assert not OTHER_HOST.search(page)


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/auth/user/", "/admin/auth/user/add/", "/admin/backoffice/partner/"]
)
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(root, path):
    answer = root.get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == policy.CONSOLE
    assert not INLINE_SCRIPT.search(page)
    assert not OTHER_HOST.search(page)


def test_logging_in_leads_to_today_and_logging_out_is_a_post(root):
    User.objects.create_user("ana", password="a-long-password-for-tests", is_staff=True)
    client = Client()
    posted = {"username": "ana", "password": "a-long-password-for-tests", "next": "/admin/"}
    assert client.post("/admin/login/", posted).url == "/admin/"
    assert client.get("/admin/logout/").status_code == 405
    assert client.get("/admin/").status_code == 200


def test_a_wrong_password_is_said_and_nothing_else():
    page = Client().post("/admin/login/", {"username": "<b>", "password": "x"}).content.decode()
    assert 'role="alert"' in page
    assert "<b>" not in page


def test_every_row_of_the_sidebar_leads_somewhere(root):
    page = root.get("/admin/").content.decode()
    nav = page[page.index('aria-label="Console"') : page.index("</nav>")]
    links = re.findall(r'href="(/admin/[^"]*)"', nav)
    assert len(links) > 10
    assert [link for link in links if root.get(link).status_code != 200] == []


def test_the_overrides_were_written_for_this_skin():
    # After an update compare our files below templates/admin and templates/unfold with the skin's, then change this.
    assert version("django-unfold") == "0.91.0"


def test_no_template_of_ours_trusts_data():
    trusting = re.compile(r"\|\s*safe\b|autoescape off|mark_safe")
    floors = [CONSOLE.parents[1] / floor for floor in ("backoffice", "orders", "protection", "integrations")]
    files = [
        file
        for floor in floors
        for kind in ("*.html", "*.py")
        for file in floor.rglob(kind)
        if "tests" not in file.parts
    ]
    assert len(files) > 50
    assert [str(file) for file in files if trusting.search(file.read_text())] == []
