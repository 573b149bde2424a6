"""A remedy as JSON: inside its claim, and by itself."""

from typing import Any

from protection.models import Resolution


def represent_remedy(resolution: Resolution) -> dict[str, Any]:
    """A remedy inside its claim."""
    return {
        "id": resolution.public_id,
        "kind": resolution.kind,
        "status": resolution.state,
        "amount": resolution.amount or None,
        "paid_as": resolution.pays_by or None,
        "items": [
            {
                "line_item": line["line"],
                "quantity": line["quantity"],
                "title": line["title"],
                "variant_id": line["variant_id"] and str(line["variant_id"]),
                "amount": line.get("amount"),
            }
            for line in resolution.lines
        ],
        "instead_of": resolution.instead_of and resolution.instead_of.public_id,
        "remote_reference": resolution.remote_reference or None,
        "failure": resolution.failure or None,
        "replacement_order": resolution.replacement_order and resolution.replacement_order.public_id,
        "replacement_order_name": resolution.remote_order_name or None,
        "executed_at": resolution.executed_at,
    }


def represent(resolution: Resolution) -> dict[str, Any]:
    """A remedy by itself. `not_before` is the end of the time to undo, `cost` what it cost once it was carried out."""
    claim = resolution.claim
    return {
        **represent_remedy(resolution),
        "claim": claim.public_id,
        "order": claim.order.public_id,
        "shop": claim.order.shop.domain,
        "exchange": resolution.is_exchange,
        "cost": resolution.cost or None,
        "not_before": resolution.not_before,
        "started_at": resolution.started_at,
        "created_at": resolution.created_at,
        "updated_at": resolution.updated_at,
    }
