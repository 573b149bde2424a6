"""History: every order of a store, by one of Shopify's bulk operations, in a pass that can be stopped and go on."""

from typing import Any

from django.db import connection as database

from integrations.history.loading import Job
from integrations.models import SyncRun
from integrations.shopify.arriving import shop_of


def job_of(run: SyncRun, path: str, *, is_partial: bool = False) -> Job:
    """What a loader must know to load the file at `path` for this pass."""
    shop = shop_of(run.connection)
    return Job(
        run=run.pk,
        connection=run.connection_id,
        shop=shop.pk,
        domain=shop.domain,
        source=run.connection.public_id,
        path=path,
        is_partial=is_partial,
        fees=_fees(shop),
    )


def _fees(shop: Any) -> dict[str, list[Any]]:
    """Whatever tells a protected order in any version of the shop's plan; {} without a plan."""
    plan = getattr(shop, "plan", None)
    versions = list(plan.versions.all()) if plan else []
    if not versions:
        return {}
    return {
        "skus": sorted({sku for version in versions for sku in version.fee_skus}),
        "products": sorted({str(number) for version in versions for number in version.fee_product_ids}),
        "variants": sorted({str(number) for version in versions for number in version.fee_variant_ids}),
        "attributes": sorted({version.fee_attribute for version in versions} - {""}),
    }


def database_parameters() -> dict[str, Any]:
    """Django's own, for a session beside it."""
    parameters: dict[str, Any] = database.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    return parameters
