"""How large a body each operation may have (decisions 4).

Law: bytes as they travel, url-encoded. Nobody's body is read beyond the largest of them; the operation's own cap counts
as soon as its name is known, before anything is parsed (rule D1).
"""

from __future__ import annotations

import functools

from locum.aws.shapes import OperationShape

KIB = 1024
USUAL = 256 * KIB
UNSIGNED = 384 * KIB  # a SAML assertion of 100,000 characters, url-encoded, and the rest of its form

# Inputs that carry a policy document: 131,072 characters, of which url-encoding may make three times as many. Of SAML
# metadata AWS takes 10,000,000 characters; here as much as fits, so that nobody makes the server hold more.
DOCUMENTS = frozenset({"AssumeRolePolicyDocument", "PolicyDocument", "PolicyInputList", "SAMLMetadataDocument"})
WITH_DOCUMENT = 512 * KIB

LARGEST = WITH_DOCUMENT


@functools.lru_cache(maxsize=1024)
def body_cap(shape: OperationShape) -> int:
    """The most bytes that a call of this operation may have."""
    if shape.unsigned:
        return UNSIGNED
    if shape.input is not None and DOCUMENTS & shape.input.members.keys():
        return WITH_DOCUMENT
    return USUAL
