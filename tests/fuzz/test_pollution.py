"""A parameter that could be read in two ways is refused: sent twice, in body and query, or under an index that is two
spellings of one number (rules S4, S24; xS4).

Every parameter of every performed operation, as botocore writes it, in each way of the table. Nothing is chosen by
chance, so the count is the same in every run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from tests import access_matrix
from tests.planted import planted
from tests.served import ACCOUNT, FORM, ServedHouse, form, request

from locum.aws.faults import Refusal
from locum.http import Request
from locum.wire.query import read
from locum.wire.route import QUERY, route

OTHER = "other"
INDEX = re.compile(r"\.([0-9]+)(?=\.|$)", re.ASCII)

# What is put beside the whole body: (query, more of the body), from the parameter's name and value as they stand there.
BESIDE: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "again, the same": lambda name, value: ("", f"{name}={value}"),
    "again, another": lambda name, _: ("", f"{name}={OTHER}"),
    "again, empty": lambda name, _: ("", f"{name}="),
    "again, without a value": lambda name, _: ("", name),
    "again, its name escaped": lambda name, _: ("", f"%{ord(name[0]):02x}{name[1:]}={OTHER}"),
    "again, its name escaped throughout": lambda name, _: ("", "".join(f"%{ord(c):02X}" for c in name) + f"={OTHER}"),
    "in the query, the same": lambda name, value: (f"{name}={value.replace('+', '%20')}", ""),
    "in the query, another": lambda name, _: (f"{name}={OTHER}", ""),
    "in the query, empty": lambda name, _: (f"{name}=", ""),
    "in the query, its name escaped": lambda name, _: (f"%{ord(name[0]):02x}{name[1:]}={OTHER}", ""),
    "in the query, twice": lambda name, _: (f"{name}={OTHER}&{name}={OTHER}", ""),
}
# Another spelling of an index that is there already.
TWINS = {"again, index 0N": "0{}", "again, index 000N": "000{}", "again, index %30N": "%30{}"}
# An index that names no number, in place of the one that is there.
ODD = {
    "index +N": "%2B{}", "index -N": "-{}", "index ' N'": "+{}", "index 'N '": "{}+", "index N_0": "{}_0",
    "index 0xN": "0x{}", "index N.0": "{}.0", "index in Arabic": "%D9%A1", "index wide": "%EF%BC%91",
    "index 0": "0", "no index": "",
}  # fmt: skip

Taken = Callable[[Request], bool]


def takes(one: Request) -> bool:
    """Whether the inputs of this request are read, as the server reads them."""
    try:
        read(one, route(one).shape)
    except Refusal:
        return False
    return True


def asked(body: str, query: str = "") -> Request:
    return Request("POST", "/", query, (("content-type", FORM),), body.encode())


def reindexed(name: str, spelling: str) -> str:
    """The parameter's name with its last index spelt otherwise."""
    last = list(INDEX.finditer(name))[-1]
    return name[: last.start()] + "." + spelling.format(last[1]) + name[last.end() :]


@cache
def bodies() -> dict[str, str]:
    """What botocore sends for each performed operation of the query protocol. A JSON object with a name twice is
    refused by its reader (`tests/unit/wire/test_json.py`)."""
    return {
        action: form(action, inputs).decode().replace("%3Caccount%3E", ACCOUNT)
        for action, inputs in access_matrix.inputs().items()
        if action.partition(":")[0] in QUERY.values()
    }


def polluted() -> Iterator[tuple[str, Request]]:
    """Every parameter of every operation, in every way."""
    for action, body in bodies().items():
        for pair in body.split("&"):
            name, _, value = pair.partition("=")
            for way, beside in BESIDE.items():
                query, more = beside(name, value)
                yield f"{action} {name} {way}", asked(f"{body}&{more}" if more else body, query)
            if INDEX.search(name):
                for way, spelling in TWINS.items():
                    yield f"{action} {name} {way}", asked(f"{body}&{reindexed(name, spelling)}={value}")
                for way, spelling in ODD.items():
                    yield f"{action} {name} {way}", asked(body.replace(pair, f"{reindexed(name, spelling)}={value}"))


def accepted(take: Taken) -> list[str]:
    return [name for name, one in polluted() if take(one)]


def test_what_is_not_polluted_is_read() -> None:
    assert [action for action, body in bodies().items() if not takes(asked(body))] == []


def test_no_polluted_parameter_is_read() -> None:
    assert accepted(takes) == []
    tried = [name for name, _ in polluted()]
    assert len(set(tried)) == len(tried) > 3_000
    print(f"{len(tried)} polluted requests")


DOUBLED = ("            if name in found:\n", "            if name is None:\n")


def reading(**given: object) -> Taken:
    """A server whose reader of inputs stands on these modules."""
    faulty = planted("locum.wire.query", **given)

    def take(one: Request) -> bool:
        try:
            faulty.read(one, route(one).shape)
        except Refusal:
            return False
        return True

    return take


def test_control_a_reader_in_which_the_last_value_wins_is_found() -> None:
    last_wins = planted("locum.wire.form", DOUBLED)
    found = accepted(reading(form=last_wins))
    assert {name.split(" ", 2)[2] for name in found} >= set(BESIDE)


LOOSE = {
    "with a sign": (r"[+]?0*[0-9]{1,10}", {"index +N"}),
    "of any script": (r"0*\d{1,10}", {"index in Arabic", "index wide"}),
}


@pytest.mark.parametrize("loose", LOOSE)
def test_control_a_reader_of_loose_indices_is_found(loose: str) -> None:
    pattern, ways = LOOSE[loose]
    found = accepted(reading(_INDEX=re.compile(pattern)))  # not re.ASCII: that is the fault
    assert {name.split(" ", 2)[2] for name in found} == ways


def test_of_two_names_in_one_signed_call_neither_is_acted_on(served: ServedHouse) -> None:
    """At the whole server: body against query, and twice in either; well signed by somebody who may do both."""
    for name in ("one", "two"):
        served.admin("iam:CreateUser", UserName=name)
    head = "Action=DeleteUser&Version=2010-05-08"
    ways = [
        (f"{head}&UserName=one", "UserName=two"),
        (f"{head}&UserName=one&UserName=two", ""),
        (f"{head}&UserName=one&User%4eame=two", ""),
        (head, "UserName=one&UserName=two"),
        (f"{head}&UserName=one&Action=GetUser", ""),
        (f"{head}&UserName=one", "Action=GetUser"),
        (f"{head}&UserName=one", "Version=2011-06-15"),
    ]
    for body, query in ways:
        plain = request("iam:DeleteUser", body=body.encode())
        plain = Request(plain.method, plain.path, query, plain.headers, plain.body, peer=plain.peer)
        answer = served.answer(served.admin.signed(plain, "iam"))
        assert (answer.status, answer.code) == (400, "MalformedInput")
    assert {user["UserName"] for user in served.admin("iam:ListUsers")["Users"]} >= {"one", "two"}
