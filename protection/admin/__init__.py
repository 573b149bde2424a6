"""The delivery guarantee in the staff console: queue, claim page, filing, coverage, plans and limits."""

from protection.admin import claim_list, coverages, pictures, plans, proposals, recovery_sentences, rules, sentences

__all__ = ["claim_list", "coverages", "pictures", "plans", "proposals", "recovery_sentences", "rules", "sentences"]
