from django.urls import path

from integrations.api.endpoint_log import Log, OneDelivery, SendAgain, SendOneAgain
from integrations.api.endpoints import Endpoints, OneEndpoint, Ping, Resume, RotateSecret
from integrations.api.feed import Events
from integrations.metrics import metrics
from integrations.shopify.doors import SessionTokenExchange, callback
from integrations.shopify.webhooks import ComplianceWebhook, ShopifyWebhook

ENDPOINT = "v1/webhook_endpoints/<str:public_id>"

urlpatterns = [
    path("webhooks/shopify/compliance/", ComplianceWebhook.as_view(), name="shopify-compliance"),
    path("webhooks/shopify/<str:token>/", ShopifyWebhook.as_view(), name="shopify-webhook"),
    path("integrations/shopify/install/callback/", callback, name="shopify-callback"),
    path("integrations/shopify/session/", SessionTokenExchange.as_view(), name="shopify-session"),
    path("metrics", metrics, name="metrics"),
    path("v1/events", Events.as_view(), name="events"),
    path("v1/webhook_endpoints", Endpoints.as_view(), name="endpoints"),
    path(ENDPOINT, OneEndpoint.as_view(), name="endpoint"),
    path(f"{ENDPOINT}/rotate_secret", RotateSecret.as_view(), name="endpoint-rotate-secret"),
    path(f"{ENDPOINT}/ping", Ping.as_view(), name="endpoint-ping"),
    path(f"{ENDPOINT}/resume", Resume.as_view(), name="endpoint-resume"),
    path(f"{ENDPOINT}/send_again", SendAgain.as_view(), name="endpoint-send-again"),
    path(f"{ENDPOINT}/deliveries", Log.as_view(), name="endpoint-deliveries"),
    path(f"{ENDPOINT}/deliveries/<str:event>", OneDelivery.as_view(), name="endpoint-delivery"),
    path(f"{ENDPOINT}/deliveries/<str:event>/send_again", SendOneAgain.as_view(), name="endpoint-delivery-send-again"),
]
