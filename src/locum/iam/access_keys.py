"""Access keys: the long-term credentials of a user, or of an account's root.

Law: the secret leaves once, in the answer of CreateAccessKey (rule K10), and is sealed from then on. An id names its
account (rule S46) and is never made twice.
"""

from __future__ import annotations

from typing import ClassVar

from locum.store.entity import Entity

SECRET = "secret"  # noqa: S105  the column's name in the store


class AccessKey(Entity, frozen=True, kw_only=True):
    """A long-term key. `id` and `name` are the key id (AKIA…); `owner` is the user's id, or the account id for root's.

    `status` is `Active` or `Inactive`. The secret is no field: it is sealed beside the row under `SECRET`.
    """

    kind: ClassVar[str] = "access-key"
    missing: ClassVar[str] = "The Access Key with id {name} cannot be found."
    exists: ClassVar[str] = "The Access Key with id {name} already exists."

    status: str = "Active"

    @property
    def active(self) -> bool:
        """Whether it signs."""
        return self.status == "Active"
