"""Where everything is: Shopify's Admin API, the stand-in's own buttons, the partner's sink, the page."""

from django.urls import path, re_path

from sandbox import admin_api, bulk_files, consent, controls, oauth, pages, platform_controls

urlpatterns = [
    path("", pages.page),
    path("livez", pages.livez),
    re_path(r"^admin/api/(?P<version>[0-9a-z-]+)/graphql\.json$", admin_api.graphql),
    path("admin/oauth/access_token", oauth.access_token),
    path("admin/oauth/authorize", consent.authorize),
    path("sandbox/tokens.json", platform_controls.all_tokens),
    path("sandbox/session_token.json", platform_controls.session_token),
    path("sandbox/scopes.json", platform_controls.scopes),
    path("sandbox/uninstall.json", platform_controls.uninstall),
    path("sandbox/install.json", platform_controls.install),
    path("sandbox/secret.json", platform_controls.secret),
    path("sandbox/compliance_uri.json", platform_controls.compliance_uri),
    path("sandbox/compliance.json", platform_controls.send_compliance),
    path("sandbox/scenario.json", platform_controls.scenario),
    path("sandbox/version.json", platform_controls.version),
    path("sandbox/bulk/<int:operation_id>.jsonl", bulk_files.result),
    path("sandbox/orders.json", controls.orders),
    path("sandbox/orders/<int:order_id>.json", controls.order),
    path("sandbox/orders/<int:order_id>/fulfil.json", controls.fulfil),
    path("sandbox/orders/<int:order_id>/scan.json", controls.scan),
    path("sandbox/orders/<int:order_id>/address.json", controls.address),
    path("sandbox/orders/<int:order_id>/note.json", controls.note),
    path("sandbox/orders/<int:order_id>/edit.json", controls.edit),
    path("sandbox/orders/<int:order_id>/refund.json", controls.refund),
    path("sandbox/orders/<int:order_id>/return.json", controls.send_back),
    path("sandbox/orders/<int:order_id>/settle.json", controls.settle),
    path("sandbox/orders/<int:order_id>/cancel.json", controls.cancel),
    path("sandbox/orders/<int:order_id>/delete.json", controls.delete),
    path("sandbox/shops.json", controls.add_shop),
    path("sandbox/stock.json", controls.stock),
    path("sandbox/faults.json", controls.faults),
    path("sandbox/deliveries.json", controls.deliveries),
    path("sandbox/subscriptions.json", controls.list_subscriptions),
    path("sandbox/sinks/<str:name>.json", controls.configure_sink),
    path("sink/<str:name>.json", controls.sink_messages),
    path("sink/<str:name>", controls.sink),
]
