"""A principal as the policy engine sees it: who it is, which policies bind it, and its condition keys.

Law: the one place that gathers them; access and the simulator ask the same functions (decisions 12). The keys of the
*request* are built elsewhere. What binds a principal is prepared once a generation of its account (decisions 18).
Source: IAM User Guide, "AWS global condition context keys", properties of the principal.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from locum.aws import managed_policies
from locum.aws.arn import Arn
from locum.aws.service_linked_roles import PATH as SERVICE_LINKED_PATH
from locum.call import Caller
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.inline import InlinePolicy
from locum.iam.names import arn_of
from locum.iam.organization import Levels, Place, place_of
from locum.iam.policies import ManagedPolicy, PolicyVersion, version_id
from locum.policy import ANONYMOUS, NOBODY, Attached, Bound, Policy, PolicyKind, Principal, PrincipalType, bind, parse
from locum.policy.match import fold
from locum.store.entity import Relation
from locum.store.tx import Tx

# What GetCallerIdentity calls a caller -> what policies call it (aws:PrincipalType), and the engine's own type.
TYPES: Mapping[str, tuple[str, PrincipalType]] = {
    "root": ("Account", PrincipalType.ROOT),
    "user": ("User", PrincipalType.USER),
    "assumed-role": ("AssumedRole", PrincipalType.ROLE_SESSION),
    "federated-user": ("FederatedUser", PrincipalType.FEDERATED_USER),
    "anonymous": ("Anonymous", PrincipalType.ANONYMOUS),
    "web-identity": ("", PrincipalType.FEDERATED),
    "saml": ("", PrincipalType.FEDERATED),
}

_LINKED = f":role{SERVICE_LINKED_PATH}"
_EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'

Keys = dict[str, str | tuple[str, ...]]


@functools.lru_cache(maxsize=8192)
def compiled(document: str, kind: PolicyKind) -> Policy:
    """The compiled form of a document that was accepted when it was stored. One for all who share the text."""
    return parse(document, kind=kind)


def principal_of(caller: Caller) -> Principal:
    """The caller as a policy may name it: most specific name first, unique id last (semantics 2.2)."""
    names: tuple[str, ...] = (caller.arn,)
    if caller.kind == "assumed-role":
        names = (caller.arn, caller.entity_arn, caller.entity_id)
    elif caller.kind == "root":
        names = (caller.entity_arn,)
    elif caller.kind == "user":
        names = (caller.arn, caller.entity_id)
    elif caller.kind == "federated-user":
        names = (caller.arn, caller.entity_arn, caller.entity_id)
    elif caller.kind == "anonymous":
        return ANONYMOUS
    elif caller.vouched is not None:  # it is its provider, and of no account (rule 7.9)
        return Principal(type=PrincipalType.FEDERATED, arn=caller.arn, names=names)
    return Principal(
        type=TYPES[caller.kind][1],
        arn=caller.arn,
        account=caller.account,
        names=names,
        service_linked=caller.kind == "assumed-role" and _LINKED in caller.entity_arn,
    )


class Standing(NamedTuple):
    """What binds a caller, and where its account stands in an organization, if in any."""

    bound: Bound
    place: Place | None


def standing_of(caller: Caller, tx: Tx) -> Standing:
    """What binds this caller, and its account's place. Kept until the account's generation rises, which a change of the
    organization sees to."""
    session = caller.session
    if caller.vouched is not None:
        return Standing(NOBODY, place_of(tx, caller.account))
    if session is None or (session.policy is None and not session.policy_ids and caller.kind != "federated-user"):
        return tx.derived(caller.account, ("bound", caller.entity_id), lambda: _standing(caller, tx))
    key = ("bound", caller.entity_id, session.policy, session.policy_ids, caller.kind)
    return tx.derived(caller.account, key, lambda: _standing(caller, tx))


def organization_keys(of: str, place: Place | None) -> Keys:
    """aws:PrincipalOrgID and aws:PrincipalOrgPaths, or those of the resource (`of` is `Principal` or `Resource`)."""
    if place is None:
        return {}
    return {f"aws:{of}OrgID": place.organization, f"aws:{of}OrgPaths": (place.path,)}


def keys_of(caller: Caller, tx: Tx, *, now: datetime) -> Keys:
    """The condition keys of the principal: its ARN, type, ids, tags, MFA and session (semantics 6)."""
    if caller.vouched is not None:  # nothing of AWS's own is known of it yet
        return dict(caller.vouched.keys)
    keys: Keys = {"aws:PrincipalType": TYPES[caller.kind][0], "aws:userid": caller.user_id}
    if caller.kind == "anonymous":
        keys["aws:PrincipalAccount"] = "anonymous"
        return keys
    keys["aws:PrincipalAccount"] = caller.account
    keys["aws:PrincipalIsAWSService"] = "false"
    keys["aws:PrincipalArn"] = caller.entity_arn if caller.kind in ("assumed-role", "root") else caller.arn
    if caller.kind == "user":
        keys["aws:username"] = caller.name
    for key, value in _tags(caller, tx).items():
        keys[f"aws:PrincipalTag/{key}"] = value
    session = caller.session
    if session is None:  # with long-term keys both MFA keys are absent (semantics 6)
        return keys
    keys["aws:TokenIssueTime"] = session.issued.strftime("%Y-%m-%dT%H:%M:%SZ")
    keys["aws:MultiFactorAuthPresent"] = "true" if session.mfa_at is not None else "false"
    if session.mfa_at is not None:
        keys["aws:MultiFactorAuthAge"] = str(max(0, int((now - session.mfa_at).total_seconds())))
    if session.source_identity:
        keys["aws:SourceIdentity"] = session.source_identity
    if session.kind == "root-task":
        keys["aws:AssumedRoot"] = "true"
    if session.provider:
        keys["aws:FederatedProvider"] = session.provider
    return keys


def _tags(caller: Caller, tx: Tx) -> Mapping[str, str]:
    """The tags of the user or role, overridden by session tags of the same key, whose case does not count. Keys fold as
    the engine folds them (rule H17): else a session tag could take a tag of the role away and put none in its place."""
    entity: User | Role | None = None
    if caller.kind == "assumed-role":
        entity = tx.find_id(Role, caller.entity_id)
    elif caller.kind == "user":
        entity = tx.find_id(User, caller.entity_id)
    tags = {tag.key: tag.value for tag in entity.tags} if entity is not None else {}
    if caller.session is not None and caller.session.tags:
        passed = {fold(key) for key, _ in caller.session.tags}
        tags = {key: value for key, value in tags.items() if fold(key) not in passed}
        tags.update(caller.session.tags)
    return tags


def _standing(caller: Caller, tx: Tx) -> Standing:
    place = place_of(tx, caller.account)
    return Standing(_bound(caller, tx, None if place is None else place.scps), place)


def _bound(caller: Caller, tx: Tx, scps: Levels | None) -> Bound:
    partition = Arn.parse(caller.arn).partition
    if caller.kind == "root":
        return bind(identity=(), boundary=None, session=_session_policies(caller, tx, partition), scps=scps)
    if caller.kind == "federated-user" and caller.entity_id == caller.account:  # root's: as much as its policies say
        everything = Attached("the root user", compiled(_EVERYTHING, PolicyKind.IDENTITY))
        return bind(identity=(everything,), boundary=None, session=_session_policies(caller, tx, partition), scps=scps)
    entity: User | Role | None = tx.find_id(User, caller.entity_id) or tx.find_id(Role, caller.entity_id)
    if entity is None:
        return bind(identity=(), boundary=None, session=())  # gone in between: nothing binds it, nothing is allowed
    boundaries = boundary_of(entity, tx, partition)
    return bind(
        identity=[attached for holder in holders_of(entity, tx) for attached in policies_of(holder, tx, partition)],
        boundary=next(iter(boundaries), None),
        session=_session_policies(caller, tx, partition),
        scps=scps,
    )


def holders_of(entity: Identity, tx: Tx) -> Sequence[Identity]:
    """Whose policies are an identity's: its own, and for a user those of its groups."""
    if not isinstance(entity, User):
        return (entity,)
    return (entity, *(tx.get_id(Group, group) for group in tx.targets(Relation.MEMBERSHIP, entity.id)))


def boundary_of(entity: Identity, tx: Tx, partition: str) -> Sequence[Attached]:
    """The permissions boundary of a user or role: one or none."""
    return _managed(tx.targets(Relation.BOUNDARY, entity.id), tx, partition, PolicyKind.BOUNDARY)


def policies_of(holder: Identity, tx: Tx, partition: str) -> Iterable[Attached]:
    """The inline and attached policies of one identity."""
    for inline in tx.owned(InlinePolicy, holder.id):
        source = f"inline policy {inline.name} of {holder.kind}/{holder.name}"
        id = f"{holder.kind}_{holder.name}_{inline.name}"
        yield Attached(source, compiled(inline.document, PolicyKind.IDENTITY), id)
    yield from _managed(tx.targets(Relation.ATTACHMENT, holder.id), tx, partition, PolicyKind.IDENTITY)


def _managed(targets: Iterable[str], tx: Tx, partition: str, kind: PolicyKind) -> Sequence[Attached]:
    """Managed policies by id, or by ARN for those of AWS: the version in force, read now.

    Raises StoreError or LookupError for one that is not there: a policy that may deny is never skipped.
    """
    found = []
    for target in targets:
        if target.startswith("arn:"):
            aws = managed_policies.find(target)
            if aws is None:
                raise LookupError(f"`{target}` is attached but is no AWS managed policy of this version")
            found.append(Attached(target, compiled(aws.document, kind), aws.name))
            continue
        policy = tx.get_id(ManagedPolicy, target)
        version = tx.get_id(PolicyVersion, version_id(target, policy.default_version))
        found.append(Attached(arn_of(policy, partition), compiled(version.document, kind), policy.name))
    return found


def _session_policies(caller: Caller, tx: Tx, partition: str) -> Sequence[Attached] | None:
    """The session policies, or None where the session has none. A federated user without any has nothing of its own
    (semantics 7), which an empty list says."""
    session = caller.session
    if session is None:
        return None
    if session.policy is None and not session.policy_ids:
        return () if caller.kind == "federated-user" else None
    # A policy that was deleted since allows nothing any more; the others still count (rule T6).
    left = [id for id in session.policy_ids if id.startswith("arn:") or tx.find_id(ManagedPolicy, id) is not None]
    found = list(_managed(left, tx, partition, PolicyKind.SESSION))
    if session.policy is not None:
        found.append(Attached("the session policy", compiled(session.policy, PolicyKind.SESSION)))
    return found
