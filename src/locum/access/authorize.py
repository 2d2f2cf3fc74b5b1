"""May they: every action of a call, put to the one decision function.

Law: default deny (rule: nothing to check is a denial). The order is fixed: what this kind of credentials may call at
all, what belongs to AWS, then the engine for each action on each resource; the first refusal is the answer. The
sentence is AWS's; the explanation is worked out when somebody asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec

from locum.access.context import Gathered, asked_keys, request_keys
from locum.access.denials import Denial, Denials
from locum.access.resources import asked
from locum.aws.faults import Refusal
from locum.call import Asked, Call, Caller
from locum.iam.organization import place_of
from locum.iam.principals import compiled, keys_of, organization_keys, principal_of, standing_of
from locum.policy import Attached, Decision, PolicyKind, Question, decide
from locum.policy.sentence import denial_sentence
from locum.session.session import INVALID
from locum.store.tx import Tx


class Judgement(msgspec.Struct, frozen=True):
    """What was decided about a call: allowed, or the first question that was not."""

    allowed: bool
    question: Question | None = None
    decision: Decision | None = None
    sentence: str = ""

    def or_refuse(self, call: Call, denials: Denials) -> None:
        """Returns when the call is allowed. Raises AccessDenied otherwise, and remembers the denial."""
        if self.allowed:
            return
        if self.question is not None and self.decision is not None:
            denials.keep(Denial(call.origin.request_id, call.account, self.sentence, self.question, self.decision))
        raise Refusal("AccessDenied", self.sentence)


def authorize(call: Call, tx: Tx) -> Judgement:
    """Whether the caller may make this call. Raises Refusal where AWS answers otherwise than AccessDenied."""
    _may_be_called_with(call)
    if not call.operation.authorized:
        return Judgement(True)
    questions = asked(call, tx)
    if not questions:
        return Judgement(False, sentence=_nothing_asked(call))
    principal = principal_of(call.caller)
    bound, place = standing_of(call.caller, tx)
    shared = Gathered(
        lambda: {
            **request_keys(call),
            **keys_of(call.caller, tx, now=call.now),
            **organization_keys("Principal", None if call.caller.vouched else place),  # a provider is in no account
        }
    )
    for one in questions:
        there = place if one.account == call.account else place_of(tx, one.account)
        context = Gathered(lambda one=one, there=there: {**shared, **asked_keys(one, there)})  # type: ignore[misc]
        question = Question(
            principal=principal,
            action=one.action,
            resource=one.arn,
            resource_account=one.account,
            context=context,
            bound=bound,
            resource_policy=_own_policy(one),
            resource_policy_kind="resource" if one.trust is None else "trust",
            rcps=None if there is None else there.rcps,
        )
        decision = decide(question)
        if not decision.allowed or one.absent:
            question = msgspec.structs.replace(question, context=dict(context))  # it outlives this step
            return Judgement(False, question, decision, denial_sentence(question, decision))
    return Judgement(True)


def _own_policy(one: Asked) -> Attached | None:
    """The trust policy of the role that is to be assumed, or what the account itself allows."""
    if one.granted is not None:
        return Attached(f"what the account grants on {one.arn}", compiled(one.granted, PolicyKind.RESOURCE))
    return None if one.trust is None else _attached_trust(one.arn, one.trust)


@functools.lru_cache(maxsize=8192)
def _attached_trust(arn: str, document: str) -> Attached:
    """A trust policy as the engine takes it; kept, because it remembers which statements matter to an action."""
    return Attached(f"trust policy of {arn}", compiled(document, PolicyKind.TRUST))


def _nothing_asked(call: Call) -> str:
    return f"User: {call.caller.arn} is not authorized to perform: {call.operation.name}"


# What session credentials may call of STS (semantics 8): GetSessionToken's and GetFederationToken's.
_OF_SESSIONS = frozenset({"sts:AssumeRole", "sts:GetCallerIdentity"})
_OF_FEDERATED = frozenset({"sts:GetCallerIdentity"})


def _may_be_called_with(call: Call) -> None:
    """Refuses what these credentials cannot call, whatever the policies say.

    Credentials of GetSessionToken call IAM only when an MFA code was given for them, and of STS only AssumeRole and
    GetCallerIdentity; those of a federated user no IAM and only GetCallerIdentity (IAM User Guide, "Compare AWS STS
    credentials"). The answer is InvalidClientTokenId for IAM, AccessDenied for STS.
    """
    caller, name = call.caller, call.operation.name
    if not _own_session(caller):
        return
    session = caller.session
    if call.operation.service == "iam":
        if caller.kind == "federated-user" or (session is not None and session.mfa_at is None):
            raise Refusal("InvalidClientTokenId", INVALID)
        return
    permitted = _OF_FEDERATED if caller.kind == "federated-user" else _OF_SESSIONS
    if call.operation.service == "sts" and name not in permitted:
        kind = "a federated user" if caller.kind == "federated-user" else "session credentials"
        raise Refusal("AccessDenied", f"Cannot call {call.operation.action} with {kind}")


def _own_session(caller: Caller) -> bool:
    """Whether these are a user's or root's own temporary credentials, or a federated user's."""
    return caller.session is not None and caller.kind != "assumed-role" and caller.session.kind != "root-task"


__all__: Sequence[str] = ["Judgement", "authorize"]
