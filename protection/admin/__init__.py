"""The delivery guarantee in the staff console: queue, claim page, filing, coverage, plans and limits."""

from protection.admin import (
    claim_list,
    consistency,
    coverages,
    incident_sentences,
    pictures,
    plans,
    proposals,
    recovery_sentences,
    rules,
    sentences,
)

__all__ = [
    "claim_list",
    "consistency",
    "coverages",
    "incident_sentences",
    "pictures",
    "plans",
    "proposals",
    "recovery_sentences",
    "rules",
    "sentences",
]
