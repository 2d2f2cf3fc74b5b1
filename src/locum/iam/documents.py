"""How policy documents leave in the answers of IAM.

Law: percent-encoded by RFC 3986 and otherwise byte for byte as they were submitted. Nothing is parsed here.
"""

from __future__ import annotations

from urllib.parse import quote


def encoded(document: str) -> str:
    """The document percent-encoded by RFC 3986: `%7B%22Version%22%3A%20…`, a blank is `%20`."""
    return quote(document, safe="")
