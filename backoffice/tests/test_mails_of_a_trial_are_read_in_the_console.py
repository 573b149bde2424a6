"""A local trial writes its mails to var/mail; staff read them in the console. Production has no such page."""

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.test import Client

pytestmark = pytest.mark.django_db
PAGE = "/admin/mail/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ana", is_staff=True))
    return client


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.LOCAL = True
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(settings.MAIL_DIR)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    return settings.MAIL_DIR


def test_every_mail_is_shown_newest_first_with_its_words(staff):
    with get_connection() as server:  # one file for both
        EmailMessage(
            "First – ümläut", "Line one\n" + "x" * 1200 + "\nlast", to=["a@example.com"], connection=server
        ).send()
        EmailMessage("Second", "<script>alert(1)</script>", to=["b@example.com"], connection=server).send()
    EmailMessage("Third", "-----\nwith dashes", to=["c@example.com"]).send()
    page = staff.get(PAGE).content.decode()
    for words in ("First – ümläut", "Line one", "x" * 1200, "b@example.com", "&lt;script&gt;alert(1)", "with dashes"):
        assert words in page
    assert page.index("Third") < page.index("Second") < page.index("First")
    assert "<script>alert(1)" not in page


def test_before_the_first_mail_it_says_so(staff):
    assert "No mail was written yet." in staff.get(PAGE).content.decode()


def test_other_files_of_the_folder_are_not_shown(staff, folder):
    folder.mkdir()
    (folder / "local.env").write_text("SECRET_KEY=canary")
    (folder / "20261123-101010-1.log.bak").write_text("canary")
    assert "canary" not in staff.get(PAGE).content.decode()


def test_it_is_for_staff_only():
    assert Client().get(PAGE).status_code == 302
    customer = Client()
    customer.force_login(User.objects.create_user("eve"))
    assert customer.get(PAGE).status_code == 302


def test_production_has_no_such_page_and_no_link_to_it(staff, settings):
    assert f'href="{PAGE}"' in staff.get("/admin/").content.decode()
    settings.LOCAL = False
    assert staff.get(PAGE).status_code == 404
    assert f'href="{PAGE}"' not in staff.get("/admin/").content.decode()


def test_it_takes_no_posts(staff):
    assert staff.post(PAGE).status_code == 405
