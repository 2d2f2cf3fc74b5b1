"""Policy tests: the scenarios of a suite, what they mean, and whether the engine agrees.

Law: plain values in (a suite as read from JSON or YAML), results out; one scenario that cannot be read is a result
of its own and stops nothing else. The format is docs/reference/policy-tests.md; `locum test` and Locum's own cases
are the same thing. Reading files belongs to the caller, text to `casefile`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import msgspec

from locum.policy.asked import oddities, require_account, require_action, require_resource
from locum.policy.bound import Attached, bind
from locum.policy.compile import Policy, PolicyError, parse
from locum.policy.context import Context
from locum.policy.decide import decide
from locum.policy.decision import ALLOWED, EXPLICIT, IMPLICIT, Decision, combined
from locum.policy.derived import context_of
from locum.policy.grammar import PolicyKind
from locum.policy.question import Question, ResourcePolicyKind
from locum.policy.shorthand import NAMED, Caller, CaseError, many, mapping, nearest, policy

ACCOUNT = "111122223333"

FIELDS = (
    "id", "name", "source", "note", "tags", "account", "principal", "action", "resource", "resource_account",
    "resource_tags", "context", "now", "identity", "boundary", "session", "scps", "rcps", "endpoint",
    "resource_policy", "trust", "key_policy", "expect", "decided_by", "cases", "derive",
)  # fmt: skip
SUITE_FIELDS = ("suite", "source", "note", "defaults", "scenarios")
LAYERS = ("identity", "resource", "boundary", "session", "scp", "rcp", "endpoint", "root", "service")

# Field -> the kind of its policies, and what an explanation calls them.
KINDS = {
    "identity": PolicyKind.IDENTITY,
    "boundary": PolicyKind.BOUNDARY,
    "session": PolicyKind.SESSION,
    "scps": PolicyKind.SCP,
    "rcps": PolicyKind.RCP,
    "endpoint": PolicyKind.ENDPOINT,
    "resource_policy": PolicyKind.RESOURCE,
    "trust": PolicyKind.TRUST,
    "key_policy": PolicyKind.KEY,
}
_OWN_POLICY: dict[str, ResourcePolicyKind] = {"resource_policy": "resource", "trust": "trust", "key_policy": "key"}


class Case(msgspec.Struct, frozen=True):
    """One scenario, read: the questions it asks and what is expected of them together."""

    id: str
    name: str
    expect: str
    decided_by: tuple[str, ...]
    tags: tuple[str, ...]
    source: str
    questions: tuple[Question, ...]


class Result(msgspec.Struct, frozen=True):
    """What became of one scenario. `decision` is the engine's verdict or `error`; `warnings` say what looks odd."""

    id: str
    name: str
    expect: str
    decision: str
    decided_by: tuple[str, ...]
    expected_by: tuple[str, ...]
    passed: bool
    error: str = ""
    warnings: tuple[str, ...] = ()
    outcome: Decision | None = None
    case: Case | None = None

    def to_dict(self) -> dict[str, object]:
        """The result as `locum test --format json` prints it."""
        result: dict[str, object] = {
            "id": self.id,
            "decision": self.decision,
            "decided_by": list(self.decided_by),
            "expect": self.expect,
            "pass": self.passed,
        }
        if self.error:
            result["error"] = self.error
        if self.warnings:
            result["warnings"] = list(self.warnings)
        return result


def run(suite: Any) -> Iterator[Result]:
    """The results of a suite, in order. Raises CaseError when the suite as a whole is unusable."""
    seen: set[str] = set()
    for raw in scenarios(suite):
        result = _run_one(raw)
        if result.id in seen:
            error = f"id `{result.id}` is used twice; an id of its own would be right"
            result = _failed(raw, error)
        seen.add(result.id)
        yield result


def _run_one(raw: dict[str, Any]) -> Result:
    try:
        case = read_case(raw)
    except CaseError as error:
        return _failed(raw, str(error))
    except PolicyError as error:
        return _failed(raw, f"{error.message} {'; '.join(map(str, error.findings))}")
    return msgspec.structs.replace(ask(case), warnings=warnings(case))


def warnings(case: Case) -> tuple[str, ...]:
    """What looks odd about a case and is decided all the same, one sentence each."""
    context = case.questions[0].context
    keys = context.keys if isinstance(context, Context) else {}
    return tuple(oddities(tuple(dict.fromkeys(one.action for one in case.questions)), keys))


def ask(case: Case) -> Result:
    """What the engine says to this case."""
    decision = combined(tuple(decide(question) for question in case.questions))
    passed = decision.verdict == case.expect
    if case.decided_by and set(case.decided_by) != set(decision.decided_by):
        passed = False
    return Result(
        case.id,
        case.name,
        case.expect,
        decision.verdict,
        decision.decided_by,
        case.decided_by,
        passed,
        outcome=decision,
        case=case,
    )


def _failed(raw: dict[str, Any], error: str) -> Result:
    name = str(raw.get("name", ""))
    return Result(str(raw.get("id") or name), name, str(raw.get("expect", "")), "error", (), (), False, error=error)


def scenarios(suite: Any) -> Iterator[dict[str, Any]]:
    """The scenarios of a suite (or of a plain list), each with its defaults, its outer fields and its id."""
    if isinstance(suite, list):
        suite = {"scenarios": suite}
    if not isinstance(suite, dict) or not isinstance(suite.get("scenarios"), list):
        raise CaseError("no list of `scenarios`; a suite with `scenarios` would be right")
    for key in suite:
        if key not in SUITE_FIELDS:
            raise CaseError(f"suite field `{key}` is unknown; {nearest(str(key), SUITE_FIELDS)}")
    defaults = dict(mapping(suite.get("defaults"), "defaults"))
    if "source" in suite:
        defaults.setdefault("source", suite["source"])
    for raw in suite["scenarios"]:
        if not isinstance(raw, dict):
            yield {"name": "", "id": "", **defaults, "scenario": raw}
            continue
        base = _merged(defaults, raw)
        cases = base.pop("cases", None)
        for number, case in enumerate(many(cases) if cases is not None else [{}], start=1):
            yield _named(suite, _merged(base, case), base, case if cases is not None else None, number)


def _named(suite: dict[str, Any], one: dict[str, Any], base: dict[str, Any], case: Any, number: int) -> dict[str, Any]:
    if case is not None:
        own = case.get("name", number) if isinstance(case, dict) else number
        one["name"] = f"{base.get('name', '')} / {own}"
    if "id" not in one or case is not None:
        slug = re.sub(r"[^a-z0-9]+", "-", str(one.get("name", "")).lower(), flags=re.ASCII).strip("-")
        one["id"] = f"{suite.get('suite', 'scenarios')}/{slug}"
    return one


def _merged(base: dict[str, Any], over: Any) -> dict[str, Any]:
    if not isinstance(over, dict):
        return {**base, "case": over}
    result = {**base, **over}
    if isinstance(base.get("context"), dict) and isinstance(over.get("context"), dict):
        result["context"] = {**base["context"], **over["context"]}
    return result


def read_case(raw: dict[str, Any]) -> Case:
    """The case that a flattened scenario means. Raises CaseError or PolicyError.

    A policy that is compiled already may stand in a policy field as an `Attached`.
    """
    for key in raw:
        if key not in FIELDS:
            raise CaseError(f"field `{key}` is unknown; {nearest(str(key), FIELDS)}")
    for key in ("name", "principal", "action", "expect"):
        if key not in raw:
            raise CaseError(f"no `{key}`; every scenario has one")
    if raw["expect"] not in (ALLOWED, EXPLICIT, IMPLICIT):
        raise CaseError(f"expectation `{raw['expect']}`; {ALLOWED}, {EXPLICIT} or {IMPLICIT} would be right")
    decided_by = tuple(map(str, many(raw.get("decided_by", []))))
    for layer in decided_by:
        if layer not in LAYERS:
            raise CaseError(f"`decided_by: {layer}`; {nearest(layer, LAYERS)}")
    return Case(
        id=str(raw["id"]),
        name=str(raw["name"]),
        expect=raw["expect"],
        decided_by=decided_by,
        tags=tuple(map(str, many(raw.get("tags", [])))),
        source=str(raw.get("source", "")),
        questions=_questions(raw),
    )


def _questions(raw: dict[str, Any]) -> tuple[Question, ...]:
    account = require_account(str(raw.get("account", ACCOUNT)), "`account`")
    caller = Caller(raw["principal"], account)
    resources = [require_resource(str(one)) for one in many(raw.get("resource", "*"))]
    owned = raw.get("resource_account")
    owners = [require_account(str(owned), "`resource_account`") if owned else _owner(one, account) for one in resources]
    actions = [require_action(str(one)) for one in many(raw["action"])]
    if not resources or not actions:
        raise CaseError("an empty list of actions or resources; at least one of each would be right")
    context = context_of(raw, caller, resources, owners)
    scps = _levels(raw, account, "scps")
    bound = bind(
        _field(raw, account, "identity") or (),
        _field(raw, account, "boundary"),
        _field(raw, account, "session"),
        scps,
    )
    own, kind = _own_policy(raw, account)
    return tuple(
        Question(
            caller.principal,
            action,
            resource,
            owner,
            context,
            bound,
            resource_policy=own,
            resource_policy_kind=kind,
            rcps=_levels(raw, account, "rcps"),
            endpoint=_field(raw, account, "endpoint"),
        )
        for action, (resource, owner) in product(actions, zip(resources, owners, strict=True))
    )


def _owner(resource: str, account: str) -> str:
    fields = resource.split(":", 5)
    named = fields[4] if len(fields) == 6 else ""
    return named if re.fullmatch(r"[0-9]{12}", named, re.ASCII) else account


def _own_policy(raw: dict[str, Any], account: str) -> tuple[tuple[Attached, ...] | None, ResourcePolicyKind]:
    given = [key for key in _OWN_POLICY if raw.get(key) is not None]
    if len(given) > 1:
        raise CaseError(f"{' and '.join(f'`{key}`' for key in given)}; only one of them would be right")
    if not given:
        return None, "resource"
    return _field(raw, account, given[0]), _OWN_POLICY[given[0]]


def _field(raw: dict[str, Any], account: str, field: str) -> tuple[Attached, ...] | None:
    """The policies of a field; None when it is not given."""
    value = raw.get(field)
    return None if value is None else _policies(many(value), account, field)


def _levels(raw: dict[str, Any], account: str, field: str) -> tuple[tuple[Attached, ...], ...] | None:
    levels = raw.get(field)
    if levels is None:
        return None
    if not isinstance(levels, list):
        raise CaseError(f"`{field}` is no list of levels; a list, the organisation's root first, would be right")
    always = (*NAMED, "RCPFullAWSAccess") if field == "rcps" else ()  # attached everywhere already: rule 7.3
    return tuple(
        _policies([one for one in many(level) if one not in always], account, field, name=f"{field} level {number}")
        for number, level in enumerate(levels, start=1)
    )


def _policies(values: Sequence[Any], account: str, field: str, name: str = "") -> tuple[Attached, ...]:
    name = name or field
    return tuple(
        one
        if isinstance(one, Attached)
        else Attached(
            f"{name} policy {number}" if len(values) > 1 else name,
            _parsed(_text_of(policy(one, account, field)), field),
        )
        for number, one in enumerate(values, start=1)
    )


def _text_of(document: Any) -> str:
    try:
        return json.dumps(document, ensure_ascii=True)
    except TypeError as error:
        raise CaseError(f"a policy cannot be written as JSON: {error}") from error


@lru_cache(maxsize=4096)
def _parsed(text: str, field: str) -> Policy:
    return parse(text, KINDS[field])
