"""How long a decision takes, how that grows with the number of principals, and what peers take for the same workload.

Law: every question is asked once before it is measured (warm); the answers of all are held against the plain
evaluator's, and wrong ones are counted, because a fast wrong answer is no answer. Questions are made when all
principals are bound, as a server makes each of them when it is asked, so that they lie beside each other in memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec

from benchmarks import peers, workload
from benchmarks.serving import resident
from benchmarks.stopwatch import once, over
from benchmarks.table import Row, Table
from locum.policy import (
    Attached,
    Bound,
    Decision,
    PolicyKind,
    Principal,
    PrincipalType,
    Question,
    bind,
    decide,
    parse,
    recall,
)

QUESTION = "one decision on a principal with 15 statements, 20 % of them with conditions"
SIZES = (1, 10, 100, 1_000, 10_000)
RECALLED = (10, 1_000)
COMPARED, ASKED, LOADED = 200, 1_000, 2_000
PEERS = ("cedar", "casbin", "vakt", "moto")


def run() -> Table:
    """Locum by size, with identity policies only and with all layers; then the peers."""
    rows = [_loaded()]
    rows += [_locum(size, decide, layered=layered) for layered in (False, True) for size in SIZES]
    rows += [_locum(size, recall, layered=layered) for layered in (False, True) for size in RECALLED]
    questions = workload.questions(COMPARED, ASKED)
    truth = [workload.truth(question) for question in questions]
    rows += [_beside(questions, truth, layered=False)]
    rows += [_beside(questions, [workload.truth(one, layered=True) for one in questions], layered=True)]
    asked = {"principals": {n: workload.documents(n) for n in range(COMPARED)}, "questions": questions}
    return Table("decide", QUESTION, (*rows, *(_peer(peer, asked, truth) for peer in PEERS)))


def _peer(peer: str, asked: dict[str, Any], truth: list[bool]) -> Row:
    name = f"{peer}, identity only, {COMPARED} principals"
    try:
        found = peers.ask(peer, asked)
    except peers.Absent as absent:
        return Row(name, None, "µs", f"SKIPPED: {absent}")
    wrong = sum(said != true for said, true in zip(found["answers"], truth, strict=True))
    note = f"{wrong} of {len(truth)} answers wrong; {found['version']}, one set a principal"
    return Row(name, found["us"], "µs", note)


def _beside(questions: list[dict[str, Any]], truth: list[bool], *, layered: bool) -> Row:
    """Locum on the very questions that the peers get."""
    asked = [_question(question, layered=layered) for question in questions]
    wrong = sum(decide(one).allowed != true for one, true in zip(asked, truth, strict=True))
    name = f"Locum, {_scope(layered)}, {COMPARED} principals"
    return Row(name, over(decide, asked), "µs", f"{wrong} of {len(truth)} answers wrong")


def _scope(layered: bool) -> str:
    return "all layers" if layered else "identity only"


def _locum(size: int, answer: Callable[[Question], Decision], *, layered: bool) -> Row:
    asked = workload.questions(size, 10_000)
    for one in asked:
        decide(_question(one, layered=layered))
    questions = [_question(one, layered=layered) for one in asked]
    for question in questions:
        answer(question)
    name = f"Locum, {_scope(layered)}, N = {size}{', warm cache' if answer is recall else ''}"
    note = "identity, boundary, session, SCP, RCP and resource policy" if layered else ""
    return Row(name, over(answer, questions, rounds=3), "µs", note)


def _loaded() -> Row:
    """The first decision of a principal with documents of its own: a server reads them at the first question."""
    questions = [workload.questions(1, 1, seed=number)[0] | {"principal": number} for number in range(LOADED)]
    documents = [workload.documents(number) for number in range(LOADED)]
    before = resident()
    held: list[Bound] = []

    def first() -> None:
        for question, one in zip(questions, documents, strict=True):
            held.append(_bind(_identity(one)))
            decide(_asked(question, held[-1]))

    spent = once(first)
    grown = f"; {(resident() - before) / LOADED * 1024:.0f} KB each" if before else ""
    name = f"Locum, first decision of one of {LOADED} principals"
    return Row(name, spent / LOADED * 1e6, "µs", f"reading 3 documents of 5 statements{grown}")


def _question(question: dict[str, Any], *, layered: bool) -> Question:
    number = question["principal"]
    return _asked(question, _layered(number) if layered else _bound(number), layered=layered)


def _asked(question: dict[str, Any], bound: Bound, *, layered: bool = False) -> Question:
    arn = workload.caller(question["principal"])
    return Question(
        principal=Principal(type=PrincipalType.USER, arn=arn, account=workload.ACCOUNT, names=(arn,)),
        action=question["action"],
        resource=question["resource"],
        resource_account=workload.ACCOUNT,
        context=question["context"],
        bound=bound,
        resource_policy=_shared()["resource_policy"] if layered else None,
        rcps=_shared()["rcps"] if layered else None,
    )


@functools.cache
def _bound(number: int) -> Bound:
    return _bind(_own(number))


def _bind(identity: tuple[Attached, ...]) -> Bound:
    return bind(identity=identity, boundary=None, session=None)


@functools.cache
def _own(number: int) -> tuple[Attached, ...]:
    return _identity(workload.documents(number))


def _identity(documents: list[dict[str, Any]]) -> tuple[Attached, ...]:
    return _attached(documents, PolicyKind.IDENTITY)


@functools.cache
def _layered(number: int) -> Bound:
    shared = _shared()
    return bind(
        identity=_own(number),
        boundary=shared["boundary"],
        session=shared["session"],
        scps=shared["scps"],
    )


@functools.cache
def _shared() -> dict[str, Any]:
    """The layers that are the same for every principal, compiled once."""
    found = workload.layers()
    return {
        "boundary": _attached(found["boundary"], PolicyKind.BOUNDARY),
        "session": _attached(found["session"], PolicyKind.SESSION),
        "scps": [_attached(level, PolicyKind.SCP) for level in found["scps"]],
        "rcps": tuple(_attached(level, PolicyKind.RCP) for level in found["rcps"]),
        "resource_policy": _attached(found["resource_policy"], PolicyKind.RESOURCE),
    }


def _attached(documents: list[dict[str, Any]], kind: PolicyKind) -> tuple[Attached, ...]:
    return tuple(
        Attached(f"policy {place}", parse(msgspec.json.encode(one), kind=kind)) for place, one in enumerate(documents)
    )
