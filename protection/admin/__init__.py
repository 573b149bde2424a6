"""The delivery guarantee in the staff console: queue, claim page, filing, coverage, plans and limits."""

from protection.admin import (
    carriers,
    claim_list,
    consistency,
    coverages,
    fee_refunds,
    incident_sentences,
    incidents,
    pictures,
    plans,
    proposals,
    recoveries,
    recovery_sentences,
    routing,
    rules,
    sentences,
    texts,
)

__all__ = [
    "carriers",
    "claim_list",
    "consistency",
    "coverages",
    "fee_refunds",
    "incident_sentences",
    "incidents",
    "pictures",
    "plans",
    "proposals",
    "recoveries",
    "recovery_sentences",
    "routing",
    "rules",
    "sentences",
    "texts",
]
