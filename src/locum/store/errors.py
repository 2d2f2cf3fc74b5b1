"""`StoreError` and its family: what goes wrong inside the store, with the facts as attributes.

Law: these are faults of the house, not of the caller, so none of them is a `Refusal`; the rim answers them with
InternalFailure or ServiceUnavailable and never with "allowed" (rule R12). No message holds a secret.
"""

from __future__ import annotations


class StoreError(Exception):
    """Something is wrong with the store or with how it was asked. `facts` hold no secret."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class SealedError(StoreError):
    """The master key is missing or is not the one of this store: sealed means refused (rule K5)."""


class BrokenSealError(StoreError):
    """A sealed value does not open where it stands: it was changed, moved or swapped (rule K2)."""


class OtherModeError(StoreError):
    """The store belongs to the other mode: `serve` and `dev` refuse each other's (rule E7)."""


class BusyError(StoreError):
    """Another process holds the store for writing longer than we wait. Nothing was written; asking again may help."""


class CommitError(StoreError):
    """A commit failed: nothing of it was acknowledged, and the store only reads from now on (rule R13)."""


class DamagedError(StoreError):
    """The store was found damaged, and nothing is written into it any more: a backup is to be restored (rule R1)."""


class ClosedError(StoreError):
    """The store was closed."""


class NestedError(StoreError):
    """A step asked the store for another step instead of asking its own `tx`."""
