"""One account with 10,000 users, 2,000 roles and 3,000 policies, its quotas raised by the setting.

Law: as in `calls`. What lists a whole account is followed to its end; a page that is missing or comes twice fails its
row. One more role is measured at ten roles and at ten thousand, in servers that take turns, so that the ratio holds
while the machine is busy. moto gets as many users and roles, its checks on.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import peers, serving, signed
from benchmarks.calls import checked, figures, moto, opened, port_of, row
from benchmarks.load import Figures, Job
from benchmarks.serving import Server
from benchmarks.table import Row, Table
from benchmarks.world import World, client

QUESTION = "an account of 10,000 users, 2,000 roles and 3,000 policies"
USERS, ROLES, POLICIES = 10_000, 2_000, 3_000
MANY, TURNS, EACH = 10_000, 5, 320
CONNECTIONS, SECONDS, ROUNDS = 8, 5.0, 5
QUOTAS = ("--quotas", "UsersPerAccount=100000,RolesPerAccount=100000,PoliciesPerAccount=100000")

_TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
_READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shelf/*"}

USER = signed.form("iam:CreateUser", UserName="u-NUMBER").decode()
GET = signed.form("iam:GetUser", UserName="bench").decode()
LIST = signed.form("iam:ListRoles").decode()


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ROLE = signed.form("iam:CreateRole", RoleName="r-NUMBER", AssumeRolePolicyDocument=_document(_TRUST)).decode()
POLICY = signed.form("iam:CreatePolicy", PolicyName="p-NUMBER", PolicyDocument=_document(_READS)).decode()


def run() -> Table:
    """Locum's listings, memory and figures; then moto's; then one more role."""
    if not serving.measurable():
        return Table("scale", QUESTION, (Row("all", None, "/CPU-s", "SKIPPED: this machine has no /proc"),))
    with tempfile.TemporaryDirectory() as folder:
        large, world = opened(Path(folder), "--source-rate", "0", *QUOTAS)
        with large:
            rows = [*_filled(large, world), *_listed(large, Path(folder)), *_calls("Locum", large, world)]
            rows += [_memory(large), *_moto(), *_one_more(large, world)]
    return Table("scale", QUESTION, tuple(rows))


def _filled(server: Server, world: World) -> Iterator[Row]:
    for name, body, count in (("users", USER, USERS), ("roles", ROLE, ROLES), ("policies", POLICY, POLICIES)):
        yield row(f"Locum, {count:,} {name} made", _made(server, world, body, count))


def _made(server: Server, world: World, body: str, count: int) -> Figures:
    return figures(_job(server, world, body, seconds=280.0, unique=count))


def _job(server: Server, world: World, body: str, *, seconds: float, unique: int = 0) -> Job:
    return Job(
        port=port_of(server),
        process=server.process.pid,
        core=serving.cores()[1],
        key=world.key,
        service="iam",
        bodies=[body],
        connections=CONNECTIONS,
        seconds=seconds,
        warm=0.0 if unique else 0.3,
        rounds=1 if unique else ROUNDS,
        unique=unique,
    )


def _listed(server: Server, folder: Path) -> Iterator[Row]:
    """Every page of the two listings, as root asks for them."""
    root = json.loads((folder / "locum" / "root-key.json").read_text())
    iam = client("iam", server.url, signed.Key(root["AccessKeyId"], root["SecretAccessKey"]))
    held = {"UserDetailList": USERS + 1, "RoleDetailList": ROLES + 1, "Policies": POLICIES, "GroupDetailList": 0}
    for size in (100, 1000):
        yield _whole(server, iam, "list_users", {"Users": USERS + 1}, size)
        yield _whole(server, iam, "get_account_authorization_details", held, size)


def _whole(server: Server, iam: Any, method: str, held: dict[str, int], size: int) -> Row:
    before, pages = serving.cpu(server.process.pid), 0
    seen: dict[str, list[str]] = {name: [] for name in held}
    for page in iam.get_paginator(method).paginate(PaginationConfig={"PageSize": size}):
        pages += 1
        for name, arns in seen.items():
            arns += [one["Arn"] for one in page[name]]
    spent = serving.cpu(server.process.pid) - before
    name = f"Locum, {method}, {size} a page"
    for list_, arns in seen.items():
        if (len(arns), len(set(arns))) != (held[list_], held[list_]):
            return Row(name, None, "s", f"FAILED: {len(arns)} {list_}, {len(set(arns))} different, of {held[list_]}")
    return Row(name, spent, "s", f"CPU for {sum(held.values()):,} on {pages} pages, each once and none missing")


def _calls(name: str, server: Server, world: World) -> Iterator[Row]:
    yield row(f"{name}, CreateUser", _made(server, world, USER, 1_600))
    yield row(f"{name}, GetUser", figures(_job(server, world, GET, seconds=SECONDS)))
    yield row(f"{name}, ListRoles, 100 a page", figures(_job(server, world, LIST, seconds=SECONDS)))


def _memory(server: Server) -> Row:
    return Row("Locum, memory after all that", serving.resident(server.process.pid), "MB")


def _moto() -> Iterable[Row]:
    try:
        with moto() as (server, world):
            for body, count in ((USER, USERS), (ROLE, ROLES)):
                if set((made := _made(server, world, body, count)).statuses) != {200}:
                    yield row("moto, filled", made)
                    return
            if not checked(server, world):
                yield Row("moto", None, "/CPU-s", "FAILED: it takes a wrong signature, its checks are not on")
                return
            yield from _calls("moto", server, world)
    except peers.Absent as absent:
        yield Row("moto", None, "/CPU-s", f"SKIPPED: {absent}")


def _one_more(large: Server, world: World) -> Iterator[Row]:
    """CreateRole beside ten roles and beside ten thousand."""
    _made(large, world, ROLE, MANY - ROLES)
    with tempfile.TemporaryDirectory() as folder:
        small, own = opened(Path(folder), "--source-rate", "0", *QUOTAS)
        with small:
            _made(small, own, ROLE, 8)
            few, many = [], []
            for _ in range(TURNS):
                few.append(_made(small, own, ROLE, EACH))
                many.append(_made(large, world, ROLE, EACH))
    best = [min(found, key=lambda one: one.cpu / one.answers) for found in (few, many)]
    each = [one.cpu / one.answers for one in best]
    yield row("Locum, CreateRole beside 10", best[0])
    yield row(f"Locum, CreateRole beside {MANY:,}", best[1])
    yield Row("… of that, times the first", each[1] / each[0], "times")
