"""sts:GetWebIdentityToken: a token about the caller, for services outside, that the account's key set verifies.

Law: what the token says of the caller is what the server knows of it, never what the caller says, save the audience and
its own tags, which stand apart. It never outlives the session that asks. Its times are real ones, because others read
them. Source: AWS STS API reference, GetWebIdentityToken; claims: IAM User Guide, "Outbound identity federation".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any

import msgspec

from locum.aws.faults import Refusal
from locum.aws.tag import Tags
from locum.call import Asked, Call, Result, operation
from locum.iam.outbound_federation import ALGORITHMS, find_issuer
from locum.iam.principals import keys_of
from locum.iam.request_tags import request_tags
from locum.store.tx import Tx
from locum.sts.session_tags import session_tags

USUAL_SECONDS = 300
LARGEST = 14_984  # octets of claims
AWS = "https://sts.amazonaws.com/"
NOT_SUPPORTED = (
    "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for supported algorithms"
)
TOO_LONG = "The requested token duration would extend the session beyond its original expiration time."
TOO_LARGE = "The requested token payload size exceeds the maximum allowed size."


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """sts:GetWebIdentityToken on the caller itself, and sts:TagGetWebIdentityToken when tags are passed."""
    inputs = call.inputs
    context: dict[str, str | tuple[str, ...]] = {
        "sts:IdentityTokenAudience": tuple(inputs["Audience"]),
        "sts:DurationSeconds": str(inputs.get("DurationSeconds", USUAL_SECONDS)),
        "sts:SigningAlgorithm": inputs["SigningAlgorithm"],
    }
    tags = inputs.get("Tags")
    context.update(request_tags(inputs))
    arn = call.arn("self", service="sts")
    actions = ("sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken") if tags else ("sts:GetWebIdentityToken",)
    return [Asked(action=action, arn=arn, account=call.account, context=context) for action in actions]


@operation("sts:GetWebIdentityToken", asks=asks)
def get_web_identity_token(
    call: Call,
    tx: Tx,
    *,
    audience: tuple[str, ...],
    signing_algorithm: str,
    duration_seconds: int = USUAL_SECONDS,
    tags: Tags = (),
) -> Result:
    """A signed token for 60 to 3600 seconds, five minutes unless given."""
    if signing_algorithm not in ALGORITHMS:
        raise Refusal("ValidationError", NOT_SUPPORTED)
    issuer = find_issuer(tx, call.account)
    if issuer is None or not issuer.enabled:
        raise Refusal("OutboundWebIdentityFederationDisabledException", "OutboundWebIdentityFederation is disabled.")
    session = call.caller.session
    if session is not None and call.now + timedelta(seconds=duration_seconds) > session.expires:
        raise Refusal("SessionDurationEscalationException", TOO_LONG)
    session_tags(tags, (), msgspec.structs.replace(call.caller, session=None))  # the rules of tags
    now = int(call.wire_now.timestamp())
    claims = {
        "iss": issuer.issuer,
        "sub": call.caller.entity_arn,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "iat": now,
        "exp": now + duration_seconds,
        "jti": call.mint.octets(16).hex(),
        AWS: _about(call, tx, tags),
    }
    if len(msgspec.json.encode(claims)) > LARGEST:
        raise Refusal("JWTPayloadSizeExceededException", TOO_LARGE)
    kid = next(key["kid"] for key in issuer.keys if key["alg"] == signing_algorithm)
    pem = tx.secret(issuer, signing_algorithm).reveal()
    key = import_module("joserfc.jwk").import_key(pem, ALGORITHMS[signing_algorithm][0])
    token = import_module("joserfc.jws").serialize_compact(
        {"alg": signing_algorithm, "kid": kid, "typ": "JWT"},
        msgspec.json.encode(claims),
        key,
        algorithms=[signing_algorithm],
    )
    return {"WebIdentityToken": token, "Expiration": call.wire_now + timedelta(seconds=duration_seconds)}


def _about(call: Call, tx: Tx, tags: Tags) -> dict[str, Any]:
    """What the server knows of the caller, and the tags that it asked for."""
    about: dict[str, Any] = {
        "aws_account": call.account,
        "source_region": call.origin.region or call.place.region,
        "principal_id": call.caller.entity_arn,
    }
    known = keys_of(call.caller, tx, now=call.now)
    begin = "aws:PrincipalTag/"
    principal = {key.removeprefix(begin): value for key, value in known.items() if key.startswith(begin)}
    if principal:
        about["principal_tags"] = principal
    if tags:
        about["request_tags"] = {tag.key: tag.value for tag in tags}
    if call.caller.session is not None and call.caller.session.source_identity:
        about["source_identity"] = call.caller.session.source_identity
    return about
