"""What the verifier says when it refuses: AWS's codes and AWS's sentences.

Law: each refusal of this room is made here, so that its words can be read in one place (rule S35). A sentence names
what differs and never shows a token or a signature; sentences without a recorded original are ours and say what would
be right. Codes per check: the table of security 4.2, column IAM/STS.
Origin of AWS's sentences: "Troubleshooting AWS Signature Version 4 errors" and answers quoted in public issue threads.
"""

from __future__ import annotations

import re

from locum.aws.faults import Refusal

WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
INVALID_TOKEN = "The security token included in the request is invalid"  # noqa: S105  a sentence, not a token
HOST_NOT_SIGNED = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
WRONG_PAYLOAD = "The provided 'x-amz-content-sha256' header does not match what was computed."
_SHOWN = 128
_TOKEN_IN_HEADERS = re.compile(r"^(x-amz-security-token:).*$", re.ASCII | re.MULTILINE)
_TOKEN_IN_QUERY = re.compile(r"(X-Amz-Security-Token=)[^&\n]*", re.ASCII)


class SignatureError(Refusal):
    """A request whose signature was not accepted. `facts` may hold the canonical request, never a token or a secret."""


class WrongSignature(SignatureError):
    """S20: everything fits but the signature itself.

    Both texts that were computed are kept for `--debug-signatures` (rule S36). They are blacked out only when asked
    for, so that a wrong secret takes the same work as an unknown id (rule S5).
    """

    def __init__(self, canonical_request: str, string_to_sign: str) -> None:
        super().__init__("SignatureDoesNotMatch", WRONG_SIGNATURE)
        self._canonical_request = canonical_request
        self.string_to_sign = string_to_sign

    @property
    def canonical_request(self) -> str:
        """The canonical request that was computed, with the session token blacked out (rule K14)."""
        return _TOKEN_IN_HEADERS.sub(r"\1(not shown)", _TOKEN_IN_QUERY.sub(r"\1(not shown)", self._canonical_request))

    def echo(self) -> str:
        """AWS's longer message, which shows both texts; for `dev`, and for `serve` on request only (rule S36)."""
        return (
            f"{WRONG_SIGNATURE}\n\nThe Canonical String for this request should have been\n"
            f"'{self.canonical_request}'\n\nThe String-to-Sign should have been\n'{self.string_to_sign}'\n"
        )


def shown(text: str) -> str:
    """This much of a stranger's text, fit to stand in a sentence: printable ASCII, cut at 128 characters."""
    kept = text[:_SHOWN].encode("ascii", "replace").decode("ascii")
    return kept if kept.isprintable() else "".join(c if c.isprintable() else "?" for c in kept)


def incomplete(sentence: str) -> SignatureError:
    """S12: the carrier is there, but something in it is missing, doubled or misspelt."""
    return SignatureError("IncompleteSignature", sentence)


def mismatch(sentence: str) -> SignatureError:
    """S13 to S19: the carrier can be read, and it does not fit this request."""
    return SignatureError("SignatureDoesNotMatch", sentence)


def invalid_token() -> SignatureError:
    """S17, S18: no such key, or a token that does not go with it."""
    return SignatureError("InvalidClientTokenId", INVALID_TOKEN)


def expired(sentence: str = "Request has expired") -> SignatureError:
    """S14, query form: outside the time in which the presigned request counts."""
    return SignatureError("RequestExpired", sentence)


def unsupported(sentence: str) -> SignatureError:
    """S34: another way of signing, named."""
    return SignatureError("InvalidRequest", sentence)


def malformed_query() -> SignatureError:
    """S24: a query string that cannot be decoded in exactly one way."""
    return SignatureError("MalformedQueryString", "The query string contains a syntax error.")


def malformed_request(sentence: str) -> SignatureError:
    """A method, path or header that no canonical form is made of (rules S22, S24, S43)."""
    return SignatureError("InvalidRequest", sentence)
