"""The platform's own buttons: tokens, scopes, uninstalling, secrets, versions. Without a shop the first is meant."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from sandbox import app_settings, compliance, installations, session_tokens, shops, tokens, versions
from sandbox.fields import Fields, Unclear, answer, verb
from sandbox.installations import Installation
from sandbox.program import running
from sandbox.shops import Shop


def all_tokens(request: HttpRequest) -> HttpResponseBase:
    """GET: the tokens that were minted. POST: end tokens now."""
    if request.method == "POST":
        return expire(request)
    with running().store.read() as connection:
        return answer(request, {"tokens": tokens.every(connection)})


@verb
def expire(request: HttpRequest) -> HttpResponseBase:
    """``{"expire": true, "access_token", "shop"}``: one token, or every token of the shop that can expire."""
    fields = Fields(request)
    if not fields.flag("expire", False):
        raise Unclear('Say {"expire": true}, and which access_token if not all')
    shop = shop_named(fields)
    with running().store.write() as writing:
        ended = tokens.expire(writing, shop, fields.text("access_token"))
    return answer(request, {"expired": ended})


@verb
def session_token(request: HttpRequest) -> HttpResponseBase:
    """``{"shop", "seconds"}``: a session token as the admin gives it to an embedded page; 60 seconds by default."""
    fields = Fields(request)
    shop = shop_named(fields)
    seconds = fields.number("seconds", session_tokens.SECONDS)
    assert seconds is not None
    token = session_tokens.mint(shop.domain, running().client_id, shop.secret, seconds=seconds)
    return answer(request, {"session_token": token})


def scopes(request: HttpRequest) -> HttpResponseBase:
    """GET: what is granted in ``?shop=``. POST: grant and revoke."""
    if request.method == "POST":
        return change_scopes(request)
    with running().store.read() as connection:
        domain = request.GET.get("shop")
        shop = shops.by_domain(connection, domain) if domain else shops.first(connection)
        if shop is None:
            return answer(request, {"errors": "Not Found"}, 404)
        return answer(request, _shown(installations.of(connection, shop.domain)))


@verb
def change_scopes(request: HttpRequest) -> HttpResponseBase:
    """``{"revoke": [] or "a, b", "grant": …, "all": true, "protected_data": true, "shop"}``, all optional."""
    fields = Fields(request)
    shop = shop_named(fields)
    with running().store.write() as writing:
        known = installations.of(writing.connection, shop.domain)
        if fields.flag("all", False):
            installations.protect_data(writing, shop, True)
            fields.given["grant"] = list(installations.SCOPES)
        revoked = set(_listed(fields, "revoke"))
        kept = [scope for scope in known.scopes if scope not in revoked]
        granted = [scope for scope in _listed(fields, "grant") if scope not in kept]
        installations.set_scopes(writing, shop, (*kept, *granted))
        if "protected_data" in fields.given:
            installations.protect_data(writing, shop, fields.flag("protected_data", True))
        known = installations.of(writing.connection, shop.domain)
    return answer(request, _shown(known))


@verb
def uninstall(request: HttpRequest) -> HttpResponseBase:
    """``{"shop"}``: tokens die, subscriptions go, app/uninstalled is sent."""
    shop = shop_named(Fields(request))
    with running().store.write() as writing:
        installations.uninstall(writing, shop)
        known = installations.of(writing.connection, shop.domain)
    return answer(request, _shown(known))


@verb
def install(request: HttpRequest) -> HttpResponseBase:
    """``{"shop"}``: the static token works again. (The other way to install again is OAuth.)"""
    shop = shop_named(Fields(request))
    with running().store.write() as writing:
        installations.restore_static_token(writing, shop)
        known = installations.of(writing.connection, shop.domain)
    return answer(request, _shown(known))


@verb
def secret(request: HttpRequest) -> HttpResponseBase:
    """``{"secret": new, "old_share": 1.0, "old_seconds", "shop"}``; ``{"end": true}``: only the new one signs."""
    fields = Fields(request)
    shop = shop_named(fields)
    with running().store.write() as writing:
        if fields.flag("end", False):
            app_settings.end_rotation(writing, shop)
            return answer(request, {"shop": shop.domain, "old_share": 0.0})
        share, seconds = fields.share("old_share", 1.0), fields.number("old_seconds")
        until = None if seconds is None else time.time() + seconds / running().speed
        app_settings.rotate_secret(writing, shop, fields.required("secret"), share=share, until=until)
    return answer(request, {"shop": shop.domain, "old_share": share})


@verb
def version(request: HttpRequest) -> HttpResponseBase:
    """``{"version": "2026-07"}``: the API version of all webhooks from now on."""
    wanted = Fields(request).required("version")
    if versions.served(wanted) != wanted:
        raise Unclear(f"Known versions are {', '.join(versions.PUBLISHED)}")
    with running().store.write() as writing:
        app_settings.put(writing, app_settings.WEBHOOK_VERSION, wanted)
    return answer(request, {"version": wanted})


@verb
def compliance_uri(request: HttpRequest) -> HttpResponseBase:
    """``{"uri": "http://…"}``: where the three compliance topics are sent."""
    uri = Fields(request).required("uri")
    if not uri.startswith(("http://", "https://")):
        raise Unclear("uri must begin with http:// or https://")
    with running().store.write() as writing:
        app_settings.put(writing, app_settings.COMPLIANCE_URI, uri)
    return answer(request, {"uri": uri})


@verb
def send_compliance(request: HttpRequest) -> HttpResponseBase:
    """``{"topic": one of compliance.TOPICS, "customer_id" or "email", "shop"}``."""
    fields = Fields(request)
    shop = shop_named(fields)
    with running().store.write() as writing:
        body = compliance.send(
            writing,
            shop,
            fields.required("topic"),
            customer_id=fields.number("customer_id"),
            email=fields.text("email"),
        )
    return answer(request, {"sent": body}, 201)


def shop_named(fields: Fields) -> Shop:
    """The shop a request names, else the first; raises Unclear."""
    domain = fields.text("shop")
    with running().store.read() as connection:
        shop = shops.by_domain(connection, domain) if domain else shops.first(connection)
    if shop is None:
        raise Unclear(f"There is no shop {domain}")
    return shop


def _listed(fields: Fields, name: str) -> list[str]:
    given = fields.given.get(name) or []
    if isinstance(given, str):
        given = [one.strip() for one in given.split(",")]
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Unclear(f"{name} must be a list of scopes")
    return [one for one in given if one]


def _shown(one: Installation) -> dict[str, Any]:
    return {
        "shop": one.shop,
        "installed": one.installed,
        "static_token": one.static_token,
        "scopes": list(one.scopes),
        "protected_data": one.protected_data,
    }
