"""sts:AssumeRoleWithSAML: becoming a role by the signed response of a SAML identity provider.

Law: nobody signs this call; the assertion proves the caller, and only what was signed becomes a condition key. The
provider is one of the role's account; role and provider must stand in the assertion as a pair; the trust policy decides
alone. An assertion works once while it is valid, on every worker and across restarts (rule F19). Source: AWS STS API
reference, AssumeRoleWithSAML; IAM User Guide, "Configure SAML assertions for the authentication response".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.aws.tag import Tag
from locum.call import Asked, Call, Caller, Result, Vouched, operation
from locum.federation import assertion as responses
from locum.federation import names, saml_keys
from locum.federation.assertion import Assertion
from locum.federation.fault import Rejected
from locum.iam.names import arn_of
from locum.iam.saml_providers import SAMLProvider
from locum.store.entity import Entity
from locum.store.tx import Tx
from locum.sts.becoming import USUAL_SECONDS, asked_of, become, vouched_of
from locum.sts.claimed import require_session_name, require_source_identity, require_tags
from locum.sts.roles import role_arn
from locum.sts.session_policies import PolicyDescriptor

NO_PROVIDER = "Specified provider doesn't exist"
NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithSAML"
FORGOTTEN_AT_ONCE = 100  # how many assertions that are over are forgotten with each one that is used
_SECONDS = re.compile(r"[1-9][0-9]{2,4}", re.ASCII)


class UsedAssertion(Entity, frozen=True, kw_only=True):
    """An assertion that has made a session. `id` is the digest of its issuer and id; `name` begins with its end, so
    that those that are over come first."""

    kind: ClassVar[str] = "saml-assertion"
    missing: ClassVar[str] = "Assertion not found"
    exists: ClassVar[str] = "Assertion was used before"
    decides: ClassVar[bool] = False


def proof(call: Call, tx: Tx) -> Caller:
    """Who the assertion proves the caller to be. Raises Refusal for one that is not accepted."""
    account = role_arn(call).account
    provider = _provider(call, tx, account)
    found = responses.verified(call.inputs["SAMLAssertion"], provider.providers, now=call.wire_now)
    if provider.valid_until <= call.wire_now:
        raise Rejected("InvalidIdentityToken", "The metadata of the provider is no longer valid", "F16")
    if tx.find_id(UsedAssertion, _key(found.issuer, found.id)) is not None:
        raise Rejected("InvalidIdentityToken", "The SAML Assertion was used before", "F19")
    vouched = _vouched(call, provider, found)
    return Caller(
        kind="saml",
        account=account,
        arn=vouched.provider,
        user_id=f"{vouched.name_qualifier}:{vouched.subject}",
        vouched=vouched,
    )


def asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """The call on the role, and what tags and a source identity in the assertion need besides."""
    return asked_of(call, tx, session_name=vouched_of(call).session_name)


@operation(
    "sts:AssumeRoleWithSAML",
    writes=True,
    asks=asks,
    proof=proof,
    later=("MinimumSessionTokenSize",),
    members={"saml_assertion": "SAMLAssertion"},
)
def assume_role_with_saml(
    call: Call,
    tx: Tx,
    *,
    role_arn: str,
    principal_arn: str,
    saml_assertion: str,
    policy_arns: tuple[PolicyDescriptor, ...] = (),
    policy: str | None = None,
    duration_seconds: int | None = None,
) -> Result:
    """Credentials of a new session of the role for whom the assertion is about: the shortest of what is asked, what the
    assertion says and when the provider's own session ends."""
    vouched = vouched_of(call)
    _use(call, tx, vouched)
    given = [seconds for seconds in (duration_seconds, vouched.seconds) if seconds is not None]
    answer = become(
        call,
        tx,
        kind="saml",
        session_name=vouched.session_name,
        seconds=min(given, default=USUAL_SECONDS),
        policy=policy,
        policy_arns=policy_arns,
    )
    return answer | {
        "Subject": vouched.subject,
        "SubjectType": vouched.subject_type,
        "Issuer": vouched.issuer,
        "Audience": vouched.audience,
        "NameQualifier": vouched.name_qualifier,
    }


def _provider(call: Call, tx: Tx, account: str) -> SAMLProvider:
    """The provider that the call names, which is one of the role's account."""
    text = call.inputs["PrincipalArn"]
    try:
        arn = Arn.parse(text)
    except ArnError as error:
        raise Refusal("ValidationError", f"{text} is invalid") from error
    found = tx.find(SAMLProvider, account, arn.resource.partition("saml-provider/")[2])
    if found is None or arn_of(found, call.place.partition) != text:
        raise Rejected("InvalidIdentityToken", NO_PROVIDER, "F16")
    return found


def _vouched(call: Call, provider: SAMLProvider, found: Assertion) -> Vouched:
    """What the assertion says, in the attributes of AWS (rule F20)."""
    arn = arn_of(provider, call.place.partition)
    given = found.attributes
    if not _is_paired(given.get(names.ROLE, ()), call.inputs["RoleArn"], arn):
        raise Rejected("AccessDenied", NOT_AUTHORIZED, "F20")
    tags = [
        Tag(name.removeprefix(names.PRINCIPAL_TAG), _one(given, name))
        for name in given
        if name.startswith(names.PRINCIPAL_TAG)
    ]
    identity = _one(given, names.SOURCE_IDENTITY) if names.SOURCE_IDENTITY in given else None
    return Vouched(
        provider=arn,
        issuer=found.issuer,
        subject=found.subject,
        audience=found.recipient,
        keys=saml_keys.keys_of(found, account=provider.account, provider=provider.name),
        tags=require_tags(tags),
        transitive=given.get(names.TRANSITIVE_TAG_KEYS, ()),
        source_identity=None if identity is None else require_source_identity(identity),
        subject_type=found.subject_type,
        name_qualifier=saml_keys.name_qualifier(found.issuer, provider.account, provider.name),
        session_name=require_session_name(_one(given, names.ROLE_SESSION_NAME)),
        seconds=_seconds(given),
        until=found.until,
        once=(found.id, found.expires),
    )


def _is_paired(pairs: Sequence[str], role: str, provider: str) -> bool:
    """Whether role and provider stand together, in either order, as AWS has it."""
    wanted = {role, provider}
    return any({part.strip() for part in pair.split(",")} == wanted and pair.count(",") == 1 for pair in pairs)


def _one(given: Mapping[str, tuple[str, ...]], name: str) -> str:
    """The one value of an attribute. Raises Rejected where there is none, or more."""
    values = given.get(name, ())
    if len(values) != 1:
        short = name.removeprefix(names.ATTRIBUTES)
        raise Rejected("InvalidIdentityToken", f"{short} is required in AuthnResponse, once", "F20")
    return values[0]


def _seconds(given: Mapping[str, tuple[str, ...]]) -> int | None:
    """How long the provider lets a session last, if it says."""
    if names.SESSION_DURATION not in given:
        return None
    text = _one(given, names.SESSION_DURATION)
    if not _SECONDS.fullmatch(text) or not 900 <= int(text) <= 43_200:
        raise Rejected("InvalidIdentityToken", "SessionDuration in AuthnResponse must be from 900 to 43200", "F20")
    return int(text)


def _key(issuer: str, identifier: str) -> str:
    return sha256(f"{issuer}\0{identifier}".encode()).hexdigest()


def _use(call: Call, tx: Tx, vouched: Vouched) -> None:
    """Notes that the assertion was used, and forgets some that nobody could use any more. In one write step with the
    session, so that of two that run at once one is refused."""
    if vouched.once is None:  # every assertion has an id
        raise Rejected("InvalidIdentityToken", NO_PROVIDER, "F19")
    identifier, expires = vouched.once
    page = tx.page(UsedAssertion, call.account, limit=FORGOTTEN_AT_ONCE, listing="used assertions")
    for old in page.items:
        if old.name < _begin(call.wire_now):
            tx.remove(old)
    key = _key(vouched.issuer, identifier)
    if tx.find_id(UsedAssertion, key) is not None:
        raise Rejected("InvalidIdentityToken", "The SAML Assertion was used before", "F19")
    tx.add(UsedAssertion(id=key, account=call.account, name=f"{_begin(expires)}/{key}", created=call.now))


def _begin(at: datetime) -> str:
    """An instant as a text that sorts as instants do."""
    return f"{int(at.timestamp()):012d}"
