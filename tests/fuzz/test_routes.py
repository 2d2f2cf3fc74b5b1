"""Every route, by every way of signing, with everything that can be wrong about who signs: nobody gets in (rules S1,
S2, S11, S17; xS5).

The routes are the operations of AWS's models, the ways are header and query, POST and GET, long-term key and session;
all of it is generated. What who is known may do on each route is `tests/architecture/test_access_matrix.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import pytest
from tests import access_matrix
from tests.fuzz.builds import Respond, answering, spine
from tests.served import ACCOUNT, Credentials, ServedHouse, allow, parsed, request

from locum import sigv4
from locum.aws.secret import Secret
from locum.http import Request, Response

UNPROVEN = {
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    # the same in the words of the JSON protocol
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
JSON = {"organizations"}
NO_ROUTE = "InvalidRequest"  # a call of the JSON protocol is a POST with its signature in the header, and nothing else
UNSIGNED = {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}
ROUTES = access_matrix.modelled()
INPUTS = access_matrix.inputs()
LIFE = 900
SAMPLE = ROUTES[::10]  # for the controls: a fault of authentication does not choose its routes


def posted(action: str) -> Request:
    return request(action, INPUTS.get(action, {}))


def got(action: str) -> Request:
    """The same call as a question."""
    plain = posted(action)
    headers = tuple(pair for pair in plain.headers if pair[0] != "content-type")
    query = plain.body.decode().replace("+", "%20")
    return Request("GET", plain.path, query, headers, peer=plain.peer)


def by_header(plain: Request, key: Credentials, house: ServedHouse, service: str) -> Request:
    return sigv4.sign(plain, signer(key, service), now=house.real.now)


def by_query(plain: Request, key: Credentials, house: ServedHouse, service: str) -> Request:
    return sigv4.presign(plain, signer(key, service), now=house.real.now, expires=LIFE)


def signer(key: Credentials, service: str) -> sigv4.Signer:
    return sigv4.Signer(key.id, Secret(key.secret), "us-east-1", service, key.token)


Way = tuple[Callable[[str], Request], Callable[[Request, Credentials, ServedHouse, str], Request]]
WAYS: Mapping[str, Way] = {
    "POST, header": (posted, by_header),
    "GET, header": (got, by_header),
    "POST, query": (posted, by_query),
    "GET, query": (got, by_query),
}


def signed(action: str, way: str, key: Credentials, house: ServedHouse) -> Request:
    plain, sign = WAYS[way]
    return sign(plain(action), key, house, action.partition(":")[0])


def nobody(house: ServedHouse) -> dict[str, Credentials]:
    """Keys that prove nothing, by what is wrong with them."""
    good = house.admin.credentials
    role = house.role("everything", allow("*"))
    over = house.admin.assume(role, "over", DurationSeconds=900).credentials
    gone = house.user("gone", allow("*"))
    house.admin("iam:DeleteAccessKey", UserName="gone", AccessKeyId=gone.credentials.id)
    asleep = house.user("asleep", allow("*"))
    house.admin("iam:UpdateAccessKey", UserName="asleep", AccessKeyId=asleep.credentials.id, Status="Inactive")
    house.sessions_age(seconds=900)
    one, two = (house.admin.assume(role, name).credentials for name in ("one", "two"))
    change = msgspec.structs.replace
    return {
        "wrong secret": change(good, secret="wrong"),
        "secret of another account": change(good, secret=house.other_admin.credentials.secret),
        "unknown id": change(good, id="AKIAQ3EGRIT4EXAMPLE7"),
        "id in another case": change(good, id=good.id.lower()),
        "deleted key": gone.credentials,
        "inactive key": asleep.credentials,
        "long-term key with a token": change(asleep.credentials, token=one.token),
        "expired session": over,
        "session with a wrong secret": change(one, secret="wrong"),
        "session without its token": change(one, token=None),
        "session with the token of another": change(one, token=two.token),
        "session with a token that does not open": change(one, token="TFQB" * 40),
    }


def passed(action: str, way: str, response: Response) -> bool:
    """Whether an answer is another than the refusal of who sent it, or of a way that leads nowhere."""
    json = response.body.startswith(b"{")
    code = parsed(response, action if json else "").code
    nowhere = action.partition(":")[0] in JSON and not way.startswith("POST, header") and way != "POST"
    return code != NO_ROUTE if nowhere else code not in UNPROVEN


def entered(house: ServedHouse, respond: Respond, routes: Sequence[str] = ROUTES) -> list[tuple[str, str, str]]:
    """Route, way and fault of every request that was not refused for who sent it."""
    found, tried = [], 0
    for wrong, key in nobody(house).items():
        for way in WAYS:
            for action in routes:
                tried += 1
                if passed(action, way, respond(signed(action, way, key, house))):
                    found.append((action, way, wrong))
    for action in routes:
        for name, plain in (("POST", posted), ("GET", got)):
            tried += 1
            if passed(action, name, respond(plain(action))):
                found.append((action, name, "no signature"))
    assert tried == len(routes) * (12 * len(WAYS) + 2)
    return found


def test_nobody_gets_in_on_any_route_by_any_way_of_signing(served: ServedHouse) -> None:
    found = entered(served, answering(served))
    assert found == [
        (action, way, "no signature") for action in ROUTES for way in ("POST", "GET") if action in UNSIGNED
    ]
    print(f"{len(ROUTES)} routes, {len(ROUTES) * (12 * len(WAYS) + 2)} requests")


def test_the_keys_get_in_once_what_is_wrong_is_put_right(served: ServedHouse) -> None:
    session = served.admin.assume(served.role("everything", allow("*"))).credentials
    for way in WAYS:
        for key in (served.admin.credentials, session):
            answer = parsed(
                answering(served)(signed("sts:GetCallerIdentity", way, key, served)), "sts:GetCallerIdentity"
            )
            assert answer["Account"] == ACCOUNT


FAULTS: dict[str, tuple[tuple[str, str], set[str], set[str]]] = {
    # what is planted, the ways and the faults with which somebody gets in
    "an operation needs no signature": (("if shape.unsigned:", "if True:"), {"POST", "GET"}, {"no signature"}),
    "a signature in the query is believed": (
        ("    verify(\n", '    carried.form == "query" or verify(\n'),
        {"POST, query", "GET, query"},
        {"wrong secret", "secret of another account", "session with a wrong secret"},
    ),
    "an expired session counts": (
        ("    opened.session.require_live(now)\n", ""),
        set(WAYS),
        {"expired session"},
    ),
    "an inactive key counts": (("if key is None or not key.active:", "if key is None:"), set(WAYS), {"inactive key"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_control_a_server_that_lets_somebody_in_is_found(served: ServedHouse, fault: str) -> None:
    planted, ways, wrongs = FAULTS[fault]
    found = [each for each in entered(served, answering(served, spine(planted)), SAMPLE) if each[0] not in UNSIGNED]
    assert {way for _, way, _ in found} == ways
    assert {wrong for *_, wrong in found} >= wrongs
    led = {action for action in SAMPLE if action.partition(":")[0] not in JSON or ways & {"POST", "POST, header"}}
    assert {action for action, *_ in found} >= led - UNSIGNED


# ---- the administrator of another account, by every way


def changes_here(house: ServedHouse, respond: Respond) -> list[str]:
    """The routes on which another account's administrator changed something in this account."""
    found = []
    for way in WAYS:
        for action in ROUTES:
            before = logged(house)
            respond(signed(action, way, house.other_admin.credentials, house))
            if logged(house) != before:
                found.append(f"{action} {way}")
    return found


def logged(house: ServedHouse) -> int:
    """How many changes of this account there were."""
    seen, last = 0, 0
    while page := house.house.store.read(lambda tx, after=last: tx.changes(ACCOUNT, after=after)):
        seen, last = seen + len(page), page[-1].position
    return seen


@pytest.fixture
def stocked() -> Iterator[ServedHouse]:
    house = access_matrix.stocked()
    yield house
    house.close()


def test_another_account_s_administrator_changes_nothing_here_by_any_way(stocked: ServedHouse) -> None:
    assert changes_here(stocked, answering(stocked)) == []


def test_control_a_server_that_mixes_up_accounts_is_found(stocked: ServedHouse) -> None:
    mixed = spine(("        account=user.account,\n", f'        account="{ACCOUNT}",\n'))
    assert len(changes_here(stocked, answering(stocked, mixed))) > 20


# ---- a route without a line


def without_a_line(routes: list[str], table: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [route for route in routes if set(table.get(route, ())) != set(access_matrix.CALLERS)]


def test_every_route_has_its_line_and_every_line_its_callers() -> None:
    assert without_a_line(ROUTES, access_matrix.committed()) == []


def test_control_a_route_without_a_line_is_found() -> None:
    table = access_matrix.committed()
    shorter = {route: line for route, line in table.items() if route != "iam:CreateUser"}
    shorter["sts:AssumeRole"] = {who: said for who, said in table["sts:AssumeRole"].items() if who != "no signature"}
    assert without_a_line(ROUTES, shorter) == ["iam:CreateUser", "sts:AssumeRole"]
