"""The decision: AWS's order, one function a step.

Law: `decide` never raises and looks nothing up; what is not allowed is denied. The steps are those of docs/spec/
policy.md, section 7: explicit denies of every layer, RCPs, SCPs, the VPC endpoint, then the grant by caller and
account. Explaining is elsewhere and costs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from locum.policy.actions import Special, held_by_rcps, owned_by_aws
from locum.policy.bound import Attached, Candidate, Lot, attached, candidates
from locum.policy.context import Exhausted, Facts
from locum.policy.decision import ALLOWED, EXPLICIT, IMPLICIT, Decision, StatementRef
from locum.policy.principals import IN_ACCOUNT, Naming, PrincipalType
from locum.policy.question import Question
from locum.policy.trust import may_be_asked

# Layers in the order in which AWS looks at them, and in which an answer names them.
LAYERS = ("rcp", "scp", "endpoint", "resource", "identity", "boundary", "session")

_ALWAYS = Decision(ALLOWED, True, ("service",), reason="sts:GetCallerIdentity needs no permission")
_NO_PERMISSION = Decision(ALLOWED, True, ("service",), reason="sts:GetSessionToken needs no permission")
_OWNED = Decision(IMPLICIT, False, ("service",), reason="the resource belongs to AWS")
_NOT_ASKED = Decision(IMPLICIT, False, ("service",), reason="this caller cannot assume a role by this action")
_ROOT = Decision(ALLOWED, True, ("root",), reason="the root user of the account")
_TOO_MUCH = Decision(IMPLICIT, False, ("service",), reason="the conditions are too long to be compared")


def decide(question: Question) -> Decision:
    """The decision on `question`. Never raises; a question too long to be answered is denied (security D4).

    It does not check that the caller is who it says: that is authentication.
    """
    try:
        return _decide(question)
    except Exhausted:
        return _TOO_MUCH


def _decide(question: Question) -> Decision:
    lot = question.bound.lot(question.action)
    resource = question.resource
    facts = Facts(question.context, resource)
    principal = question.principal
    if lot.special is Special.ALWAYS and principal.type in IN_ACCOUNT:
        return _ALWAYS
    if _is_denied(question, lot, facts):
        return _explicit(question, lot, facts)
    if lot.special is not None:
        ruled = _by_rule(question, lot.special)
        if ruled is not None:
            return ruled
    silent = _missing_above(question, lot, facts)
    if silent:
        return _implicit(silent)
    if principal.type not in IN_ACCOUNT:
        return _outsider(question, facts)
    if principal.account == question.resource_account:
        return _own_account(question, lot, facts)
    return _other_account(question, lot, facts)


# ---- step 1: explicit denies of every layer (rule 7.4)


def _is_denied(question: Question, lot: Lot, facts: Facts) -> bool:
    if lot.denies and first(lot.denies, facts):
        return True
    if lot.scp_denies and held_by_scps(question) and first(lot.scp_denies, facts):
        return True
    if question.endpoint is None and question.resource_policy is None and question.rcps is None:
        return False
    return next(iter(_resource_side_denies(question, facts)), None) is not None


def _resource_side_denies(question: Question, facts: Facts) -> Iterable[Candidate]:
    """Every Deny of RCPs, endpoint and resource policy that applies, in AWS's order."""
    for layer, policies in _resource_side(question):
        for one in candidates(policies, question.action, layer):
            audience = one.statement.audience
            if (
                one.statement.deny
                and (audience is None or audience.hits(question.principal, bounded=question.bound.boundary is not None))
                and applies(one, facts)
            ):
                yield one


def _resource_side(question: Question) -> Iterable[tuple[str, Sequence[Attached]]]:
    if question.rcps is not None and held_by_rcps(question.action) and not question.principal.service_linked:
        yield "rcp", tuple(one for level in question.rcps for one in level)
    if question.endpoint is not None:
        yield "endpoint", attached(question.endpoint)
    if question.resource_policy is not None and not _is_owner_of_bucket_policy(question):
        yield "resource", attached(question.resource_policy)


def _explicit(question: Question, lot: Lot, facts: Facts) -> Decision:
    """The denial that names every Deny statement that applied."""
    found = [one.ref for one in _resource_side_denies(question, facts)]
    if held_by_scps(question):
        found += [one.ref for one in lot.scp_denies if applies(one, facts)]
    found += [one.ref for one in lot.denies if applies(one, facts)]
    layers = {ref.layer for ref in found}
    found.sort(key=lambda ref: LAYERS.index(ref.layer))
    return Decision(EXPLICIT, False, tuple(layer for layer in LAYERS if layer in layers), tuple(found))


# ---- rules that stand above grants (rules 7.14 to 7.20)


def _by_rule(question: Question, kind: Special) -> Decision | None:
    """What AWS decides without asking policies for an Allow, or None."""
    if kind is Special.UNLESS_DENIED and question.principal.type in IN_ACCOUNT:
        return _NO_PERMISSION
    if kind in (Special.IAM_CHANGE, Special.KMS_ALIAS) and owned_by_aws(kind, question.resource):
        return _OWNED
    return None


def _is_owner_of_bucket_policy(question: Question) -> bool:
    """Whether this is the owner's root user at its bucket policy, whom that policy cannot lock out (rule 7.20)."""
    principal = question.principal
    return (
        principal.is_root
        and principal.account == question.resource_account
        and question.bound.lot(question.action).special is Special.BUCKET_POLICY
    )


# ---- steps 2 to 4: what must allow besides the grant (rules 7.5 to 7.7)


def held_by_scps(question: Question) -> bool:
    """Whether SCPs hold this caller: not the management account, service-linked roles, services, outsiders."""
    principal = question.principal
    return principal.type in IN_ACCOUNT and not principal.management_account and not principal.service_linked


def _missing_above(question: Question, lot: Lot, facts: Facts) -> tuple[str, ...]:
    """The layers above the grant that have no Allow. RCPs always have RCPFullAWSAccess (rule 7.3)."""
    silent: tuple[str, ...] = ()
    if lot.scps is not None and held_by_scps(question) and not all(first(level, facts) for level in lot.scps):
        silent = ("scp",)
    if question.endpoint is not None:
        naming, _ = granted(attached(question.endpoint), question, facts, layer="endpoint")
        if naming is Naming.NOT:
            silent = (*silent, "endpoint")
    return silent


# ---- step 5: the grant (rules 7.8 to 7.13)


def _outsider(question: Question, facts: Facts) -> Decision:
    """Services, anonymous callers, federated identities: only the resource's policy counts (rule 7.9)."""
    if _needs_trust(question) and not may_be_asked(question):
        return _NOT_ASKED
    naming, ref = _by_resource(question, facts)
    if naming is Naming.NOT or ref is None:
        return _implicit(("resource",))
    return Decision(ALLOWED, True, ("resource",), (ref,))


def _own_account(question: Question, lot: Lot, facts: Facts) -> Decision:
    """Caller and resource in one account (rules 7.10 and 7.11)."""
    must_grant = _must_grant(question)
    principal = question.principal
    if _needs_trust(question) and not may_be_asked(question):
        return _NOT_ASKED
    if principal.is_root and not must_grant:
        return _ROOT
    naming, ref = Naming.NOT, None
    if question.resource_policy is not None:
        naming, ref = _by_resource(question, facts)
    if ref is not None and (naming is Naming.ITSELF or principal.is_root):
        return Decision(ALLOWED, True, ("resource",), (ref,))
    if must_grant and naming is Naming.NOT:
        return _implicit(("resource",))
    if naming is Naming.BEHIND:
        return _intersection(question, lot, facts, ref=ref, identity=False)
    return _intersection(question, lot, facts, ref=ref if must_grant else None, identity=True)


def _other_account(question: Question, lot: Lot, facts: Facts) -> Decision:
    """Caller and resource in different accounts: both sides must allow (rule 7.12)."""
    if _needs_trust(question) and not may_be_asked(question):
        return _NOT_ASKED
    naming, ref = _by_resource(question, facts)
    if question.principal.is_root:
        return _implicit(("resource",)) if ref is None else Decision(ALLOWED, True, ("resource",), (ref,))
    decision = _intersection(question, lot, facts, ref=ref, identity=True)
    if naming is Naming.NOT:
        return _implicit(("resource", *decision.silent))
    return decision


def _intersection(question: Question, lot: Lot, facts: Facts, *, ref: StatementRef | None, identity: bool) -> Decision:
    """The caller's own policies: each layer that is there must allow. `ref` is the resource's part of the grant."""
    session = lot.session
    if session is None and question.principal.type is PrincipalType.FEDERATED_USER:
        session = ()  # GetFederationToken without a session policy: the caller's policies give nothing (rule 7.11)
    silent: tuple[str, ...] = ()
    found: tuple[StatementRef, ...] = () if ref is None else (ref,)
    for layer, allows in (
        ("identity", lot.identity if identity else None),
        ("boundary", lot.boundary),
        ("session", session),
    ):
        if allows is not None:
            one = first(allows, facts)
            if one is None:
                silent = (*silent, layer)
            else:
                found = (*found, one.ref)
    if silent:
        return _implicit(silent)
    granting = ("resource",) if ref is not None else ()
    return Decision(ALLOWED, True, (*granting, "identity") if identity else granting, found)


def _implicit(silent: tuple[str, ...]) -> Decision:
    return Decision(IMPLICIT, False, silent, silent=silent)


def _needs_trust(question: Question) -> bool:
    """Whether this is an assumption of a role, which the role's trust policy must allow (rule 7.15)."""
    special = question.bound.lot(question.action).special
    return question.resource_policy_kind == "trust" or special in (Special.ASSUME, Special.ASSUME_FEDERATED)


def _must_grant(question: Question) -> bool:
    """Whether the resource's own policy must grant, even in its own account: KMS keys and roles (rules 7.13, 7.15)."""
    return question.resource_policy_kind != "resource" or _needs_trust(question)


def _by_resource(question: Question, facts: Facts) -> tuple[Naming, StatementRef | None]:
    return granted(attached(question.resource_policy), question, facts, layer="resource")


# ---- what statements say


def applies(one: Candidate, facts: Facts) -> bool:
    """Whether this statement applies to the resource under these facts; its action already does."""
    covers = one.covers
    if covers is not None and not covers(facts.resource):
        return False
    tests = one.tests
    if tests is not None:
        for test in tests:
            if not test(facts):
                return False
    return True


def first(found: Sequence[Candidate], facts: Facts) -> Candidate | None:
    """The first of these statements that applies, or None."""
    resource = facts.resource
    for one in found:
        covers = one.covers
        if covers is None or covers(resource):
            tests = one.tests
            if tests is None:
                return one
            for test in tests:
                if not test(facts):
                    break
            else:
                return one
    return None


def granted(
    policies: Sequence[Attached], question: Question, facts: Facts, *, layer: str
) -> tuple[Naming, StatementRef | None]:
    """How closely the Allow statements that apply name the caller, and the one that does it most closely."""
    best, ref = Naming.NOT, None
    for one in candidates(policies, question.action, layer):
        audience = one.statement.audience
        if one.statement.deny or audience is None:
            continue
        naming = audience.names(question.principal)
        if naming > best and applies(one, facts):
            best, ref = naming, one.ref
            if best is Naming.ITSELF:
                break
    return best, ref
