from django.urls import path, re_path

from orders.api import Orders
from orders.changes_api import Changes, DecideChange, OneChange, OrderInHand
from orders.models import Change
from orders.parcels_api import Fulfillments, OfFulfillment
from orders.stock_api import StockChanges

TRACKING, SCAN = OfFulfillment.as_view(kind=Change.Kind.TRACKING), OfFulfillment.as_view(kind=Change.Kind.SCAN)

urlpatterns = [
    path("orders", Orders.as_view(), name="orders"),
    path("orders/<slug:public_id>", OrderInHand.as_view(), name="order"),
    path("orders/<slug:public_id>/changes", Changes.as_view(), name="changes"),
    path("orders/<slug:public_id>/fulfillments", Fulfillments.as_view(), name="fulfillments"),
    path("fulfillments/<slug:public_id>/tracking", TRACKING, name="tracking"),
    path("fulfillments/<slug:public_id>/events", SCAN, name="scans"),
    path("stock_changes", StockChanges.as_view(), name="stock-changes"),
    path("changes/<slug:public_id>", OneChange.as_view(), name="change"),
    re_path(
        r"^changes/(?P<public_id>[-\w]+)/(?P<verb>withdraw|again|keep_ours|keep_theirs)$",
        DecideChange.as_view(),
        name="decide-change",
    ),
]
