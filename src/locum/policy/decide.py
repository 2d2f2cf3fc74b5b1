"""The decision: AWS's order, one function a step.

Law: `decide` never raises and looks nothing up; what is not allowed is denied. The steps are those of docs/spec/
policy.md, section 7: explicit denies of every layer, RCPs, SCPs, the VPC endpoint, then the grant by caller and
account. Explaining is elsewhere and costs nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence

from locum.policy.actions import Special, owned_by_aws
from locum.policy.bound import Attached, Chain, Lot, Rows, attached
from locum.policy.context import Exhausted, Facts
from locum.policy.decision import ALLOWED, EXPLICIT, IMPLICIT, Decision, StatementRef
from locum.policy.principals import IN_ACCOUNT, Audience, Naming, PrincipalType
from locum.policy.question import Question
from locum.policy.said import applies, first, granted, meets
from locum.policy.trust import may_be_asked

# Layers in the order in which AWS looks at them, and in which an answer names them.
LAYERS = ("rcp", "scp", "endpoint", "resource", "identity", "boundary", "session")

# Members of enumerations, each looked up once: a decision takes about a microsecond.
_USER = PrincipalType.USER
_ROLE_SESSION = PrincipalType.ROLE_SESSION
_FEDERATED_USER = PrincipalType.FEDERATED_USER
_ROOT_USER = PrincipalType.ROOT
_ITSELF = Naming.ITSELF
_NOT_NAMED = Naming.NOT
_BEHIND = Naming.BEHIND
_ALWAYS_ALLOWED = Special.ALWAYS
_ASSUME_FEDERATED = Special.ASSUME_FEDERATED
_ASSUME = Special.ASSUME
_BUCKET_POLICY = Special.BUCKET_POLICY

_ALWAYS = Decision(ALLOWED, True, ("service",), reason="sts:GetCallerIdentity needs no permission")
_NO_PERMISSION = Decision(ALLOWED, True, ("service",), reason="sts:GetSessionToken needs no permission")
_OWNED = Decision(IMPLICIT, False, ("service",), reason="the resource belongs to AWS")
_NOT_ASKED = Decision(IMPLICIT, False, ("service",), reason="this caller cannot assume a role by this action")
_ROOT = Decision(ALLOWED, True, ("root",), reason="the root user of the account")
_TOO_MUCH = Decision(IMPLICIT, False, ("service",), reason="the conditions are too long to be compared")
_RESOURCE: tuple[str, ...] = ("resource",)
_IDENTITY: tuple[str, ...] = ("identity",)
_BOTH: tuple[str, ...] = ("resource", "identity")
# GetFederationToken without a session policy: the caller's policies give nothing (rule 7.11).
_NO_SESSION: tuple[str, Rows] = ("session", ())
_NO_IDENTITY = Decision(IMPLICIT, False, ("identity",), silent=("identity",))


def decide(question: Question) -> Decision:
    """The decision on `question`. Never raises; a question too long to be answered is denied (security D4).

    It does not check that the caller is who it says: that is authentication.
    """
    try:
        bound, action = question.bound, question.action
        found = bound[action]
        if not isinstance(found, tuple):
            return _in_order(question, found, Facts(question.context, question.resource))
        if (
            question.resource_policy is None
            and question.rcps is None
            and question.endpoint is None
            and question.resource_policy_kind == "resource"
        ):
            principal = question.principal
            kind = principal.type
            if principal.account == question.resource_account and (kind is _USER or kind is _ROLE_SESSION):
                return _by_identity_alone(question, found)
        return _in_order(question, bound.lot(action), Facts(question.context, question.resource))
    except Exhausted:
        return _TOO_MUCH


def _by_identity_alone(question: Question, row: Chain) -> Decision:
    """The commonest question, where `_in_order` has two steps left: a Deny, then an Allow, of identity policies.

    The context is not looked at before a condition asks for it, nor the rest of a row before its beginning fits.
    """
    resource = question.resource
    facts: Facts | None = None
    denial: Decision | None = None
    while row:
        starts = row[0]
        if not starts or resource.startswith(starts):
            ends, covers, tests = row[1], row[2], row[3]
            if (
                (resource.endswith(ends, len(starts)) if ends else ends is not None or len(resource) == len(starts))
                and (covers is None or covers(resource))
                and (tests is None or meets(tests, facts := facts or Facts(question.context, resource)))
            ):
                alone = row[4]
                if alone.allowed:
                    return alone if denial is None else denial  # every Deny comes before
                if denial is not None:
                    return _explicit(question, question.bound.lot(question.action), Facts(question.context, resource))
                denial = alone
        row = row[5]
    return _NO_IDENTITY if denial is None else denial


def _in_order(question: Question, lot: Lot, facts: Facts) -> Decision:
    """Every step, in AWS's order."""
    principal = question.principal
    of_account = principal.type in IN_ACCOUNT
    if lot.special is _ALWAYS_ALLOWED and of_account:
        return _ALWAYS
    if _is_denied(question, lot, facts):
        return _explicit(question, lot, facts)
    if lot.special is not None:
        ruled = _by_rule(question, lot.special)
        if ruled is not None:
            return ruled
    if (lot.scps or question.endpoint is not None) and (silent := _missing_above(question, lot, facts)):
        return _implicit(silent)
    trust = _needs_trust(question, lot)
    if trust and not may_be_asked(question):
        return _NOT_ASKED
    if not of_account:
        return _outsider(question, facts)
    if principal.account == question.resource_account:
        return _own_account(question, lot, facts, must_grant=trust or question.resource_policy_kind != "resource")
    return _other_account(question, lot, facts)


# ---- step 1: explicit denies of every layer (rule 7.4)


def _is_denied(question: Question, lot: Lot, facts: Facts) -> bool:
    if lot.denies and first(lot.denies, facts):
        return True
    if lot.scp_denies and held_by_scps(question) and first(lot.scp_denies, facts):
        return True
    rcps, endpoint, own = question.rcps, question.endpoint, question.resource_policy
    if rcps is not None and lot.held_by_rcps and _held_by_rcps(question, lot):
        for level in rcps:
            if _any_reached(level, "rcp", question, facts):
                return True
    if endpoint is not None and _any_reached(attached(endpoint), "endpoint", question, facts):
        return True
    if own is None or (lot.special is _BUCKET_POLICY and _is_owner_of_bucket_policy(question, lot)):
        return False
    return _any_reached(attached(own), "resource", question, facts)


def _any_reached(policies: Sequence[Attached], layer: str, question: Question, facts: Facts) -> bool:
    """Whether a Deny of these policies applies and reaches the caller."""
    action = question.action
    for policy in policies:
        for audience, row in policy.part(action, layer).denies:
            if (audience is None or reaches(audience, question)) and applies(row, facts):
                return True
    return False


def reaches(audience: Audience, question: Question) -> bool:
    """Whether the audience of a Deny, which does not hold everybody, holds the caller."""
    return audience.hits(question.principal, bounded=question.bound.boundary is not None)


def _held_by_rcps(question: Question, lot: Lot) -> bool:
    """Whether RCPs hold this request: not service-linked roles, not resources of the management account (rule 7.3)."""
    principal = question.principal
    of_management = principal.management_account and principal.account == question.resource_account
    return lot.held_by_rcps and not principal.service_linked and not of_management


def _resource_side(question: Question, lot: Lot) -> list[tuple[Sequence[Attached], str]]:
    """The policies that are not the caller's, in AWS's order: RCPs level by level, the endpoint's, the resource's."""
    found: list[tuple[Sequence[Attached], str]] = []
    if question.rcps is not None and _held_by_rcps(question, lot):
        found = [(level, "rcp") for level in question.rcps]
    if question.endpoint is not None:
        found.append((attached(question.endpoint), "endpoint"))
    if question.resource_policy is not None and not _is_owner_of_bucket_policy(question, lot):
        found.append((attached(question.resource_policy), "resource"))
    return found


def _explicit(question: Question, lot: Lot, facts: Facts) -> Decision:
    """The denial that names every Deny statement that applied."""
    found = [
        row[-1].statements[0]
        for policies, layer in _resource_side(question, lot)
        for policy in policies
        for audience, row in policy.part(question.action, layer).denies
        if (audience is None or reaches(audience, question)) and applies(row, facts)
    ]
    if held_by_scps(question):
        found += [row[-1].statements[0] for row in lot.scp_denies if applies(row, facts)]
    found += [row[-1].statements[0] for row in lot.denies if applies(row, facts)]
    layers = {ref.layer for ref in found}
    found.sort(key=lambda ref: LAYERS.index(ref.layer))
    return Decision(EXPLICIT, False, tuple(layer for layer in LAYERS if layer in layers), tuple(found))


# ---- rules that stand above grants (rules 7.19 to 7.22)


def _by_rule(question: Question, kind: Special) -> Decision | None:
    """What AWS decides without asking policies for an Allow, or None."""
    if kind is Special.UNLESS_DENIED and question.principal.type in IN_ACCOUNT:
        return _NO_PERMISSION
    if kind in (Special.IAM_CHANGE, Special.KMS_ALIAS) and owned_by_aws(kind, question.resource):
        return _OWNED
    return None


def _is_owner_of_bucket_policy(question: Question, lot: Lot) -> bool:
    """Whether this is the owner's root user at its bucket policy, whom that policy cannot lock out (rule 7.20)."""
    principal = question.principal
    return lot.special is _BUCKET_POLICY and principal.is_root and principal.account == question.resource_account


# ---- steps 2 to 4: what must allow besides the grant (rules 7.5 to 7.7)


def held_by_scps(question: Question) -> bool:
    """Whether SCPs hold this caller: not the management account, service-linked roles, services, outsiders."""
    principal = question.principal
    return principal.type in IN_ACCOUNT and not principal.management_account and not principal.service_linked


def _missing_above(question: Question, lot: Lot, facts: Facts) -> tuple[str, ...]:
    """The layers above the grant that have no Allow. RCPs always have RCPFullAWSAccess (rule 7.3)."""
    silent: tuple[str, ...] = ()
    if lot.scps and held_by_scps(question):
        for level in lot.scps:
            if first(level, facts) is None:
                silent = ("scp",)
                break
    if question.endpoint is not None:
        naming, _ = granted(attached(question.endpoint), question, facts, layer="endpoint")
        if naming is _NOT_NAMED:
            silent = (*silent, "endpoint")
    return silent


# ---- step 5: the grant (rules 7.9 to 7.18)


def _outsider(question: Question, facts: Facts) -> Decision:
    """Services, anonymous callers, federated identities: only the resource's policy counts (rule 7.9)."""
    naming, ref = _by_resource(question, facts)
    if naming is _NOT_NAMED or ref is None:
        return _implicit(("resource",))
    return Decision(ALLOWED, True, ("resource",), (ref,))


def _own_account(question: Question, lot: Lot, facts: Facts, *, must_grant: bool) -> Decision:
    """Caller and resource in one account (rules 7.10 and 7.11). `must_grant`: the resource's policy has to allow."""
    is_root = question.principal.type is _ROOT_USER
    if is_root and not must_grant:
        return _ROOT
    naming, ref = _by_resource(question, facts)
    if ref is not None and (naming is _ITSELF or is_root):
        return Decision(ALLOWED, True, ("resource",), (ref,))
    if must_grant and ref is None:
        return _implicit(("resource",))
    if naming is _BEHIND:
        return _intersection(question, lot, facts, ref=ref, identity=False)
    return _intersection(question, lot, facts, ref=ref if must_grant else None, identity=True)


def _other_account(question: Question, lot: Lot, facts: Facts) -> Decision:
    """Caller and resource in different accounts: both sides must allow (rule 7.12)."""
    _, ref = _by_resource(question, facts)
    if question.principal.is_root:
        return _implicit(("resource",)) if ref is None else Decision(ALLOWED, True, ("resource",), (ref,))
    decision = _intersection(question, lot, facts, ref=ref, identity=True)
    if ref is None:
        return _implicit(("resource", *decision.silent))
    return decision


def _intersection(question: Question, lot: Lot, facts: Facts, *, ref: StatementRef | None, identity: bool) -> Decision:
    """The caller's own policies: each layer that is there must allow. `ref` is the resource's part of the grant."""
    grants = lot.grants if identity else lot.grants[1:]
    if question.principal.type is _FEDERATED_USER and not lot.has_session:
        grants = (*grants, _NO_SESSION)
    silent: tuple[str, ...] = ()
    found = () if ref is None else (ref,)
    for layer, allows in grants:
        one = first(allows, facts)
        if one is None:
            silent = (*silent, layer)
        else:
            found = (*found, one)
    if silent:
        return _implicit(silent)
    if not identity:
        granting = _RESOURCE
    elif ref is None:
        granting = _IDENTITY
    else:
        granting = _BOTH
    return Decision(ALLOWED, True, granting, found)


def _implicit(silent: tuple[str, ...]) -> Decision:
    return Decision(IMPLICIT, False, silent, silent=silent)


def _needs_trust(question: Question, lot: Lot) -> bool:
    """Whether this is an assumption of a role, which the role's trust policy must allow (rule 7.15)."""
    special = lot.special
    return special is _ASSUME or special is _ASSUME_FEDERATED or question.resource_policy_kind == "trust"


def _by_resource(question: Question, facts: Facts) -> tuple[Naming, StatementRef | None]:
    if question.resource_policy is None:
        return _NOT_NAMED, None
    return granted(attached(question.resource_policy), question, facts, layer="resource")
