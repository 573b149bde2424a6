from backoffice.models.api_key import ApiKey, Partner
from backoffice.models.bucket import Bucket
from backoffice.models.idempotency import IdempotencyRecord

__all__ = ["ApiKey", "Bucket", "IdempotencyRecord", "Partner"]
