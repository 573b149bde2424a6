"""Making public ids such as ord_06cz3…, one or many: what `backoffice.identifiers` stores, without Django.

The first 48 bits are milliseconds since 1970 (as in UUID version 7, RFC 9562 §5.7), the rest is random; 26 characters
of Crockford's base 32 in lower case, which keeps the order.
"""

import base64
import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
_RANDOM_BYTES = 10  # 80 bits: 16 of the characters
_FROM_RFC_4648 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)


def new(prefix: str) -> str:
    """A fresh id, for example `new("ord")` → 'ord_06d1q…'."""
    return many(prefix, 1)[0]


def many(prefix: str, count: int) -> list[str]:
    """`count` fresh ids of one moment, in no order among themselves."""
    milliseconds = time.time_ns() // 1_000_000 & (1 << 48) - 1
    start = f"{prefix}_" + "".join(ALPHABET[milliseconds >> shift & 31] for shift in range(45, -1, -5))
    drawn = base64.b32encode(secrets.token_bytes(_RANDOM_BYTES * count)).decode().translate(_FROM_RFC_4648)
    return [start + drawn[first : first + 16] for first in range(0, 16 * count, 16)]
