from django.urls import path

from protection.api import Claims, OneClaim, Quotes, Withdraw

urlpatterns = [
    path("claims", Claims.as_view(), name="claims"),
    path("claims/<slug:public_id>", OneClaim.as_view(), name="claim"),
    path("claims/<slug:public_id>/withdraw", Withdraw.as_view(), name="claim-withdraw"),
    path("quotes", Quotes.as_view(), name="quotes"),
]
