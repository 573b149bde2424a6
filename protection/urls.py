from django.urls import path

from protection.api.claims import Claims, OneClaim, Withdraw
from protection.api.quotes import Quotes

urlpatterns = [
    path("claims", Claims.as_view(), name="claims"),
    path("claims/<slug:public_id>", OneClaim.as_view(), name="claim"),
    path("claims/<slug:public_id>/withdraw", Withdraw.as_view(), name="claim-withdraw"),
    path("quotes", Quotes.as_view(), name="quotes"),
]
