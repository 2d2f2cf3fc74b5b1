"""`Credentials`: the four values that a caller of STS receives, and how full its token is.

Law: shown once, stored nowhere. The secret and the token are `Secret`s: they do not appear in a repr, a log or JSON
(rule K14); the renderer of the answer reveals them.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from locum.aws.secret import Secret


class Credentials(msgspec.Struct, frozen=True):
    """Temporary credentials as STS answers them. `packed_policy_size` is PackedPolicySize in percent, or None when the
    session has neither policies nor tags (rule T7)."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expiration: datetime
    packed_policy_size: int | None = None
