"""The delivery guarantee in the staff console: queue, claim page, filing, plans and limits."""

from protection.admin import claim_list, pictures, plans, rules, sentences

__all__ = ["claim_list", "pictures", "plans", "rules", "sentences"]
