"""The staff console's site."""

from unfold.sites import UnfoldAdminSite


class Console(UnfoldAdminSite):
    site_header = "Back office"
    site_title = "Back office"
    index_title = "Today"


site = Console(name="admin")
