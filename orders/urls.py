from django.urls import path

from orders.api import OneOrder, Orders

urlpatterns = [
    path("orders", Orders.as_view(), name="orders"),
    path("orders/<slug:public_id>", OneOrder.as_view(), name="order"),
]
