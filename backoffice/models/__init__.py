from backoffice.models.api_key import ApiKey, Partner
from backoffice.models.idempotency import IdempotencyRecord

__all__ = ["ApiKey", "IdempotencyRecord", "Partner"]
