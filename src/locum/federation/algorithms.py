"""The algorithms by which an id token may be signed: one table, which nothing in a token can widen (rule F2).

Law: only signatures by a private key; no `none`, no HMAC, so that no public key can serve as a secret. A key's type and
curve must be those of the algorithm (rule F4). ES256K, Ed448 and whatever comes later are not here.
"""

from __future__ import annotations

from collections.abc import Mapping

# alg -> (kty, crv or None)
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
RSA_BITS = range(2048, 8193)
