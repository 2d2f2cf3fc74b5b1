"""Inline policies: those that belong to one user, group or role and go with it. Twelve operations from one table.

Law: a document is kept as it was submitted. The sizes of all inline policies of one identity, without white space,
count together. Any spelling of a name finds the policy; Get answers with the spelling asked for, List with the stored.
"""

from __future__ import annotations

from typing import ClassVar

from locum.store.entity import Entity


class InlinePolicy(Entity, frozen=True, kw_only=True):
    """A policy inside its owner: `owner` is the id of a user, group or role, `id` is `OWNER/name in lower case`."""

    kind: ClassVar[str] = "inline-policy"
    missing: ClassVar[str] = "The policy with name {name} cannot be found."
    exists: ClassVar[str] = "The policy with name {name} already exists."

    document: str


def inline_id(owner: str, name: str) -> str:
    """The written key of an inline policy (decisions 15). Names are ASCII, so lower case is unambiguous (rule P8)."""
    return f"{owner}/{name.lower()}"
