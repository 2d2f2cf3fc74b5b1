"""sts:AssumeRoleWithWebIdentity: becoming a role by the token of an OpenID Connect provider.

Law: nobody signs this call; the token proves the caller, and only its verified claims become condition keys (rule F8).
The provider must be registered in the role's account, and its URL is the token's `iss` to the letter (rule F5). What a
role's trust policy allows decides alone. The end of the token does not shorten the session (wire.md 10). Source: AWS
STS API reference, AssumeRoleWithWebIdentity; IAM User Guide, "Pass session tags in AWS STS".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from locum.aws.faults import Refusal
from locum.aws.tag import Tag, Tags
from locum.call import Asked, Call, Caller, Result, Vouched, operation
from locum.federation import id_token, provider_keys
from locum.federation.fault import Rejected
from locum.federation.values import is_string, is_text
from locum.iam.names import arn_of
from locum.iam.oidc_providers import OIDCProvider, find_provider
from locum.store.tx import Tx
from locum.sts.becoming import USUAL_SECONDS, asked_of, become, vouched_of
from locum.sts.claimed import require_source_identity, require_tags
from locum.sts.roles import role_arn
from locum.sts.session_policies import PolicyDescriptor

# Claims of AWS's own that an issuer may put into a token.
TAGS = "https://aws.amazon.com/tags"
SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"


def proof(call: Call, tx: Tx) -> Caller:
    """Who the token proves the caller to be. Raises Refusal for a token that is not accepted, Awaited when its issuer's
    keys must be fetched first."""
    if "ProviderId" in call.inputs:
        raise Refusal("NotImplemented", "Locum does not take ProviderId of sts:AssumeRoleWithWebIdentity yet")
    account = role_arn(call).account
    token = id_token.opened(call.inputs["WebIdentityToken"])
    provider = find_provider(tx, account, token.issuer)
    if provider is None:
        raise Rejected(
            "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {token.issuer}", "F5"
        )
    claims = id_token.verified(
        token,
        call.issuers.keys(provider.issuer, token.kid),
        issuer=provider.issuer,
        client_ids=provider.client_ids,
        now=call.wire_now,
    )
    vouched = _vouched(call, provider, claims)
    return Caller(
        kind="web-identity",
        account=account,
        arn=vouched.provider,
        user_id=f"{vouched.provider}:{claims.audience}:{claims.subject}",
        vouched=vouched,
    )


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """The call on the role, and what tags and a source identity in the token need besides."""
    return asked_of(call, tx, session_name=call.inputs["RoleSessionName"])


@operation("sts:AssumeRoleWithWebIdentity", asks=asks, proof=proof, later=("ProviderId", "MinimumSessionTokenSize"))
def assume_role_with_web_identity(
    call: Call,
    tx: Tx,
    *,
    role_arn: str,
    role_session_name: str,
    web_identity_token: str,
    policy_arns: tuple[PolicyDescriptor, ...] = (),
    policy: str | None = None,
    duration_seconds: int | None = None,
) -> Result:
    """Credentials of a new session of the role for whom the token is about, an hour unless `duration_seconds` says."""
    vouched = vouched_of(call)
    answer = become(
        call,
        tx,
        kind="web",
        session_name=role_session_name,
        seconds=USUAL_SECONDS if duration_seconds is None else duration_seconds,
        policy=policy,
        policy_arns=policy_arns,
    )
    return answer | {
        "SubjectFromWebIdentityToken": vouched.subject,
        "Audience": vouched.audience,
        "Provider": vouched.provider,
    }


def _vouched(call: Call, provider: OIDCProvider, claims: id_token.Claims) -> Vouched:
    tags, transitive = _tags(claims.all)
    identity = claims.all.get(SOURCE_IDENTITY)
    return Vouched(
        provider=arn_of(provider, call.place.partition),
        issuer=claims.issuer,
        subject=claims.subject,
        audience=claims.audience,
        keys=provider_keys.keys_of(claims, provider.name),
        tags=tags,
        transitive=transitive,
        source_identity=None if identity is None else require_source_identity(identity),
    )


def _tags(claims: Mapping[str, Any]) -> tuple[Tags, tuple[str, ...]]:
    """The session tags in the token and which of them are transitive; each tag is a list of one value."""
    said = claims.get(TAGS)
    if said is None:
        return (), ()
    given = said.get("principal_tags", {}) if isinstance(said, dict) else None
    transitive = said.get("transitive_tag_keys", []) if isinstance(said, dict) else None
    if not isinstance(given, dict) or not isinstance(transitive, list) or not all(map(is_text, transitive)):
        raise Rejected("InvalidIdentityToken", f"The claim {TAGS} is not of its form", "F7")
    tags = []
    for key, values in given.items():
        one = values[0] if isinstance(values, list) and len(values) == 1 else values
        if not is_string(one):
            raise Rejected("InvalidIdentityToken", f"The claim {TAGS} is not of its form", "F7")
        tags.append(Tag(key, str(one)))
    return require_tags(tags), tuple(map(str, transitive))
