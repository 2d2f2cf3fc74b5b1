"""How long a decision takes, how that grows with the number of principals, and what peers take for the same workload.

Law: every question is asked once before it is measured (warm); the answers of all are held against the plain
evaluator's, and wrong ones are counted, because a fast wrong answer is no answer. Questions are made when all
principals are bound, as a server makes each of them when it is asked, so that they lie beside each other in memory.
All sizes are measured in turn, round by round, so that what else the machine does weighs on all alike.
Peers get the first of the same questions, each with the best form that it has: policies parsed before they are asked.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from benchmarks import peers, workload
from benchmarks.serving import resident
from benchmarks.stopwatch import once, side_by_side
from benchmarks.table import Row, Table
from locum.policy import (
    Attached,
    Bound,
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
RECALLED = (10, 1_000, 10_000)
ASKED, OF_PEERS, LOADED = 10_000, 1_000, 2_000
PEERS = ("cedar", "casbin", "vakt", "moto")
PATIENCE = 120  # seconds for a peer at one size


def run() -> Table:
    """Locum by size, with identity policies only and with all layers, the peers at each size beside it."""
    rows = [_loaded()]
    for layered in (False, True):
        asked = {size: workload.questions(size, ASKED) for size in SIZES}
        questions = {size: _warm(asked[size], layered=layered) for size in SIZES}
        spent = side_by_side(decide, questions)
        for size in SIZES:
            answers = [decide(question).allowed for question in questions[size][:OF_PEERS]]
            rows += _at(size, asked[size], answers, spent[size], layered=layered)
        rows.append(_growth(spent, layered=layered))
        recalled = side_by_side(recall, {size: questions[size] for size in RECALLED})
        rows += [
            Row(f"{_name('Locum', size, layered)}, warm cache", recalled[size], "µs", "asked before")
            for size in RECALLED
        ]
    return Table("decide", QUESTION, tuple(rows))


def _growth(spent: dict[int, float], *, layered: bool) -> Row:
    few, many = SIZES[1], SIZES[-1]
    return Row(f"Locum, {_scope(layered)}, N = {many} to N = {few}", spent[many] / spent[few], "times")


def _at(size: int, asked: list[dict[str, Any]], answers: list[bool], spent: float, *, layered: bool) -> list[Row]:
    """Everybody at one size. With all layers that is Cedar alone: the others have no way to say them."""
    truth = [workload.truth(one, layered=layered) for one in asked[:OF_PEERS]]
    ours = Row(_name("Locum", size, layered), spent, "µs", _wrong(answers, truth))
    given = {"principals": {n: workload.documents(n) for n in range(size)}, "questions": asked[:OF_PEERS]}
    if layered:
        given["layers"] = workload.layers()
    names = PEERS[:1] if layered else PEERS
    return [ours, *(_peer(peer, given, truth, ours, _name(peer, size, layered)) for peer in names)]


def _peer(peer: str, given: dict[str, Any], truth: list[bool], ours: Row, name: str) -> Row:
    try:
        found = peers.ask(peer, given, patience=PATIENCE)
    except peers.Absent as absent:
        return Row(name, None, "µs", f"SKIPPED: {absent}")
    times = found["us"] / (ours.value or 1)
    loaded = f"loaded in {found['load_s']:.1f} s"
    note = f"{_wrong(found['answers'], truth)}; {times:.0f} times Locum; {loaded}, {found['version']}"
    return Row(name, found["us"], "µs", note)


def _wrong(answers: list[bool], truth: list[bool]) -> str:
    return f"{sum(said != true for said, true in zip(answers, truth, strict=True))} of {len(truth)} answers wrong"


def _name(who: str, size: int, layered: bool) -> str:
    return f"{who}, {_scope(layered)}, N = {size}"


def _scope(layered: bool) -> str:
    return "all layers" if layered else "identity only"


def _warm(asked: list[dict[str, Any]], *, layered: bool) -> list[Question]:
    """These questions, made when all principals are bound and each was decided once."""
    for one in asked:
        decide(_question(one, layered=layered))
    return [_question(one, layered=layered) for one in asked]


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
