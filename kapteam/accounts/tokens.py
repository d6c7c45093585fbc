"""Tokens that open something: 256 random bits for the browser, a hash of them for the database."""

import secrets
from hashlib import sha256

_BYTES = 32


def new_token() -> str:
    """A new token, safe in a URL and in a cookie; it contains no dot."""
    return secrets.token_urlsafe(_BYTES)


def hash_token(token: str) -> str:
    """What the database keeps of a token (hexadecimal SHA-256)."""
    return sha256(token.encode()).hexdigest()
