"""`python -m tests.fuzz.timing`: does the time of a refusal tell what was wrong: the secret, the id, the token?

Law: one server in a process of its own, asked over one connection on loopback, the cases in random order, each
timed from the first octet sent to the last received. What is printed is the AUC of each pair: the chance that a request
of the second kind took longer than one of the first; 0.5 is no difference. What counts are the pairs with one answer: a
wrong secret is told by its code, as on AWS, and takes the time of finding its user and of a longer sentence. `--inside`
asks the spine in this process instead, which shows what a connection hides. `--control` asks a build in which
a key that is not found is refused at once. Figures, not assertions: `tests/fuzz/test_same_work.py` asserts, and counts.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import multiprocessing
import random
import socket
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from multiprocessing.connection import Connection
from time import perf_counter_ns

import msgspec
from tests.fuzz import mutations
from tests.fuzz.builds import REFUSED_AT_ONCE, SPINE, answering, application, spine
from tests.served import Client, Credentials, ServedHouse, allow, request
from tests.unit.front import raw

from locum.http import Request
from locum.server.app import App

WHO = "sts:GetCallerIdentity"
TRIES = 100_000
# Who asks knows what kind of key it is, so each kind is for itself. A token that does not open is tried anew each time,
# and that it did not open is what the answer says.
TIMED = {
    "long-term": ("unknown id", "inactive key", "deleted key", "wrong secret"),
    "session": ("wrong secret", "expired token"),
}
Case = tuple[str, str]


def refused(house: ServedHouse) -> dict[str, dict[str, Request]]:
    """Requests that are refused for their key, by kind of key and by what is wrong with it."""
    change = msgspec.structs.replace
    alice, asleep, deleted = (house.user(name) for name in ("alice", "asleep", "deleted"))
    house.admin("iam:UpdateAccessKey", UserName="asleep", AccessKeyId=asleep.credentials.id, Status="Inactive")
    house.admin("iam:DeleteAccessKey", UserName="deleted", AccessKeyId=deleted.credentials.id)
    role, gone = house.role("builder", allow("*")), house.role("gone")
    expired = house.admin.assume(role, DurationSeconds=900).credentials
    house.sessions_age(seconds=900)
    one, two, orphan = (
        house.admin.assume(arn, name).credentials for arn, name in ((role, "one"), (role, "two"), (gone, "three"))
    )
    house.admin("iam:DeleteRole", RoleName="gone")
    long_term = alice.credentials
    token = one.token or ""
    keys: dict[str, dict[str, Credentials]] = {
        "long-term": {
            "wrong secret": change(long_term, secret=long_term.secret[::-1]),
            "unknown id": change(long_term, id=long_term.id[:-4] + "2222"),
            "inactive key": asleep.credentials,
            "deleted key": deleted.credentials,
        },
        "session": {
            "wrong secret": change(one, secret=one.secret[::-1]),
            "expired token": expired,
            "token of another": change(one, token=two.token),
            "token altered": change(one, token=token[:-8] + token[:4] + token[-4:]),
            "role deleted": orphan,
        },
    }
    return {
        kind: {wrong: Client(house, key).signed(request(WHO), "sts") for wrong, key in each.items()}
        for kind, each in keys.items()
    }


def wire(asked: Request) -> bytes:
    """A request as its octets."""
    heads = [f"{asked.method} {asked.path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.headers)]
    return "\r\n".join([*heads, f"content-length: {len(asked.body)}", "", ""]).encode("latin-1") + asked.body


def serve(pipe: Connection, control: bool) -> None:
    """Serves a house whose clock stands still until the other end of the pipe says something."""
    house = ServedHouse()
    made_of = refused(house)
    sent = {(kind, wrong): wire(made_of[kind][wrong]) for kind in TIMED for wrong in TIMED[kind]}
    made = application(REFUSED_AT_ONCE) if control else App
    with raw.served(made(house.house, house.own)) as address:
        pipe.send((address, sent))
        pipe.recv()


def answered(line: socket.socket, octets: bytes) -> bytes:
    """The answer to one request on a connection that stays open."""
    line.sendall(octets)
    got = line.recv(65_536)
    while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < _length(got):
        got += line.recv(65_536)
    return got


def _length(got: bytes) -> int:
    head = got.partition(b"\r\n\r\n")[0].lower()
    return int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])


def timed(tries: int, chance: random.Random, *, control: bool) -> dict[Case, list[int]]:
    """How long each request of each case took, in nanoseconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, control))
    server.start()
    try:
        address, sent = ours.recv()
        order = [kind for kind in sent for _ in range(tries)]
        chance.shuffle(order)
        took: dict[Case, list[int]] = {kind: [] for kind in sent}
        with socket.create_connection(address) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for kind in [*sent, *sent]:  # every memory is warm
                answered(line, sent[kind])
            for kind in order:
                began = perf_counter_ns()
                answered(line, sent[kind])
                took[kind].append(perf_counter_ns() - began)
        return took
    finally:
        ours.send("enough")
        server.join()


def timed_inside(tries: int, chance: random.Random, *, control: bool) -> dict[Case, list[int]]:
    """The same, without a connection and with no collector in between."""
    house = ServedHouse()
    respond = answering(house, spine(REFUSED_AT_ONCE) if control else SPINE)
    made_of = refused(house)
    asked = {(kind, wrong): made_of[kind][wrong] for kind in TIMED for wrong in TIMED[kind]}
    order = [kind for kind in asked for _ in range(tries)]
    chance.shuffle(order)
    took: dict[Case, list[int]] = {kind: [] for kind in asked}
    gc.disable()
    for kind in [*asked] * 100 + order:  # every memory is warm by the first hundred
        began = perf_counter_ns()
        respond(asked[kind])
        took[kind].append(perf_counter_ns() - began)
    gc.enable()
    return {kind: each[100:] for kind, each in took.items()}


def auc(one: Sequence[int], other: Sequence[int]) -> float:
    """The chance that one of `other` exceeds one of `one`, a tie counting half."""
    ordered = sorted(one)
    wins = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in other)
    return wins / 2 / len(one) / len(other)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.timing", description=__doc__)
    parser.add_argument("--tries", type=int, default=TRIES, help="of each case")
    parser.add_argument("--inside", action="store_true", help="the spine in this process, without a connection")
    parser.add_argument("--control", action="store_true", help="a build that refuses an unknown key at once")
    given = parser.parse_args()
    took = (timed_inside if given.inside else timed)(given.tries, mutations.seeded(), control=given.control)
    for (kind, wrong), each in took.items():
        print(f"{kind}, {wrong}: median {statistics.median(each) / 1000:.1f} µs")
    for kind, wrongs in TIMED.items():
        for one, other in itertools.combinations(wrongs, 2):
            print(f"{kind}: AUC {one} / {other}: {auc(took[kind, one], took[kind, other]):.3f}")


if __name__ == "__main__":
    main()
