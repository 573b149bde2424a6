"""Staff, roles, partners and keys: the stock forms of Django on the console's skin, and two lists to read."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backoffice.console.base import ConsoleAdmin
from backoffice.console.site import site
from backoffice.models import ApiKey, Partner


@admin.register(User, site=site)
class StaffAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ()
    sortable_by = ()
    # Rights come by role only; a permission given to one person is one that nobody finds again.
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    change_list_template = "console/list.html"
    nothing_here = "Nobody yet."
    actions = None


@admin.register(Group, site=site)
class RoleAdmin(DjangoGroupAdmin, ModelAdmin):
    filter_horizontal = ()
    sortable_by = ()
    change_list_template = "console/list.html"
    nothing_here = "No roles yet; manage.py ensure_roles makes agent and lead."
    actions = None


@admin.register(Partner, site=site)
class PartnerAdmin(ConsoleAdmin):
    list_display = ("name", "public_id", "contact_email", "created_at")
    fields = ("name", "public_id", "contact_email", "created_at")
    readonly_fields = ("name", "public_id", "created_at")
    ordering = ("name",)
    may_change = True


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(ConsoleAdmin):
    """A key's secret was shown once and is not kept; new keys come from manage.py create_api_key."""

    list_display = ("prefix", "partner", "scopes_shown", "shop_domain", "created_at", "expires_at", "revoked_at")
    list_select_related = ("partner",)
    fields = ("partner", "prefix", "scopes_shown", "shop_domain", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("scopes_shown", "created_at")
    ordering = ("-created_at",)
    nothing_here = "No keys yet; manage.py create_api_key makes one."

    @admin.display(description="Scopes")
    def scopes_shown(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)
