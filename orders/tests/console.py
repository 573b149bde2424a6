"""The console for tests of this floor."""

from django.contrib.auth.models import Permission, User
from django.test import Client


def reader_client(*permissions: str, username: str = "reader") -> Client:
    """Logged in as staff with exactly these permissions, named like orders.view_order."""
    user = User.objects.create_user(username, password="a-long-password-for-tests", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client
