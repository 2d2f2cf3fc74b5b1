"""One simulation: what is asked of the engine, and its answers in the words of AWS's simulator.

Law: every verdict is `decide`'s (product law 2); what else is shown comes from the same compiled statements. Nothing is
kept for another call. Fields as in the API reference of EvaluationResult and in answers of AWS (wire.md 5.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from locum.aws import actions as facts
from locum.iam.simulation_inputs import account_of
from locum.iam.simulation_sources import Simulated
from locum.iam.simulation_trust import UNKNOWN, OwnPolicies
from locum.policy import Attached, Bound, Context, Question, StatementRef, Verdict, decide
from locum.policy.context import Value
from locum.policy.contributions import allowed_by_scps, contribution, matched, missing
from locum.policy.decision import ALLOWED, EXPLICIT, IMPLICIT
from locum.policy.match import fold, glob, matches
from locum.policy.near import of_layer
from locum.policy.spans import Position, spans

# What AWS calls the layers it shows.
TYPES: Mapping[str, str] = {
    "identity": "IAM Policy",
    "resource": "Resource Policy",
    "boundary": "Permissions Boundary Policy",
}
SEVERITY = (EXPLICIT, IMPLICIT, ALLOWED)

_HOLE = re.compile(r"\$\{[^}]*\}", re.ASCII)

Row = dict[str, Any]


class Said(msgspec.Struct, frozen=True):
    """What was decided about one action on one resource, and what is shown of it. `details` is what each kind of policy
    says, where caller and resource are of two accounts."""

    resource: str
    verdict: Verdict
    matched: list[Row]
    missing: tuple[str, ...]
    by_scps: bool
    by_boundary: bool
    details: dict[str, Verdict] | None

    def shown(self, *, bounded: bool) -> dict[str, Any]:
        """The ResourceSpecificResult."""
        answer: dict[str, Any] = {"EvalResourceName": self.resource, "EvalResourceDecision": self.verdict}
        if self.matched:
            answer["MatchedStatements"] = self.matched
        if self.missing:
            answer["MissingContextValues"] = list(self.missing)
        if self.details is not None:
            answer["EvalDecisionDetails"] = self.details
        if bounded:
            answer["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": self.by_boundary}
        return answer


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one call of the simulator says, once read. `owner` is the account of resources whose ARN names
    none. `home` is the caller's account where it stands in an organization, and `home_keys` are the keys of its
    resources. `places` are where the statements of a policy's text stand, `rows` how they are shown, once asked for."""

    caller: Simulated
    bound: Bound
    supplied: Mapping[str, Value]
    resources: Sequence[str]
    owner: str
    own: OwnPolicies
    home: str | None = None
    home_keys: Mapping[str, Value] = {}
    places: dict[str, tuple[tuple[Position, Position], ...]] = {}
    rows: dict[StatementRef, Row] = {}

    @property
    def weight(self) -> int:
        """The statements that one action has to be held against, resource by resource."""
        bound = self.bound
        layers = (bound.identity, bound.boundary or (), *(bound.scps or ()))
        return len(self.resources) * (1 + sum(len(one.policy.statements) for layer in layers for one in layer))

    def result(self, action: str) -> dict[str, Any]:
        """The EvaluationResult of one action on all resources."""
        each = [self._said(action, one) for one in self.resources]
        bounded = self.bound.boundary is not None
        answer: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": self.resources[0] if len(self.resources) == 1 else _form(action, self.resources[0]),
            "EvalDecision": min((one.verdict for one in each), key=SEVERITY.index),
            "MatchedStatements": _once(row for one in each for row in one.matched),
            "MissingContextValues": list(dict.fromkeys(key for one in each for key in one.missing)),
        }
        if self.bound.scps is not None or self.home is not None:
            answer["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": all(one.by_scps for one in each)}
        if bounded:
            allowed = all(one.by_boundary for one in each)
            answer["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
        if tuple(self.resources) != ("*",):
            answer["EvalDecisionDetails"] = _strictest(one.details for one in each)
            answer["ResourceSpecificResults"] = [one.shown(bounded=bounded) for one in each]
        return answer

    def _said(self, action: str, resource: str) -> Said:
        question = self._question(action, resource)
        decision = decide(question)
        by_scps = allowed_by_scps(question)
        apart = question.principal.account != question.resource_account and by_scps
        layers = ("identity", "resource", *(("boundary",) if self.bound.boundary is not None else ()))
        return Said(
            resource,
            decision.verdict,
            self._rows(question, matched(question, decision)),
            missing(question, decision),
            by_scps,
            contribution(question, "boundary").verdict == ALLOWED,
            {TYPES[layer]: contribution(question, layer).verdict for layer in layers} if apart else None,
        )

    def _question(self, action: str, resource: str) -> Question:
        account = account_of(resource, self.owner)
        keys = dict(self.caller.keys)
        if resource != "*":
            keys["aws:ResourceAccount"] = account
            if account == self.home:
                keys.update(self.home_keys)
        said = {fold(key) for key in self.supplied}
        context = Context({key: value for key, value in keys.items() if fold(key) not in said} | dict(self.supplied))
        own, kind = self.own.of(action, resource)
        return Question(
            self.caller.principal,
            action,
            resource,
            account,
            context,
            self.bound,
            resource_policy=own,
            resource_policy_kind=kind,
        )

    def _rows(self, question: Question, refs: Sequence[StatementRef]) -> list[Row]:
        """The statements as an answer shows them."""
        policies = {one.source: one for layer in TYPES for one in of_layer(question, layer)}
        return [self.rows.get(ref) or self._row(ref, policies[ref.source]) for ref in refs if ref.source != UNKNOWN]

    def _row(self, ref: StatementRef, policy: Attached) -> Row:
        text = policy.policy.text
        if text not in self.places:
            self.places[text] = spans(text)
        (line, column), (end_line, end_column) = self.places[text][ref.index]
        row = self.rows[ref] = {
            "SourcePolicyId": policy.id,
            "SourcePolicyType": TYPES[ref.layer],
            "StartPosition": {"Line": line, "Column": column},
            "EndPosition": {"Line": end_line, "Column": end_column},
        }
        return row


def _once(rows: Iterable[Row]) -> list[Row]:
    """The rows without those that were there already; one statement has one row."""
    return list({id(row): row for row in rows}.values())


def _strictest(each: Iterable[Mapping[str, Verdict] | None]) -> dict[str, Verdict]:
    """Of each kind of policy the strictest of its verdicts."""
    found: dict[str, Verdict] = {}
    for details in each:
        for name, verdict in (details or {}).items():
            found[name] = min(found.get(name, ALLOWED), verdict, key=SEVERITY.index)
    return found


def _form(action: str, resource: str) -> str:
    """The form of the ARNs of an action's resources: the one that this resource has, else the first. `*` where there is
    none."""
    service, _, name = action.partition(":")
    try:
        types = facts.action(service.lower(), name).resources
    except KeyError:
        return "*"
    forms = [template for one in types for template in one.arn_templates]
    return next((one for one in forms if matches(glob(_HOLE.sub("*", one)), resource)), forms[0] if forms else "*")
