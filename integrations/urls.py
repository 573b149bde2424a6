from django.urls import path

from integrations.api import Events
from integrations.shopify.webhooks import ShopifyWebhook

urlpatterns = [
    path("webhooks/shopify/<str:token>/", ShopifyWebhook.as_view(), name="shopify-webhook"),
    path("v1/events", Events.as_view(), name="events"),
]
