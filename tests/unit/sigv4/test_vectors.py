"""The public signing test suite of AWS, in both forms: what others sign, we verify to the byte.

The suite belongs to somebody else and is not kept here: `LOCUM_SIGV4_VECTORS` names its file (xS6).
"""

from __future__ import annotations

import json
import os
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from locum import sigv4
from locum.http import Request

VARIABLE = "LOCUM_SIGV4_VECTORS"
WHERE = os.environ.get(VARIABLE)
CASES: list[dict[str, Any]] = json.loads(Path(WHERE).read_text("utf-8"))["cases"] if WHERE else []
BOTH = [pytest.param(case, form, id=f"{case['name']}-{form}") for case in CASES for form in ("header", "query")]

UNTRIED = f"{VARIABLE} is unset: the 38 public vectors were NOT tried, in neither form"
if not WHERE:
    warnings.warn(UNTRIED, stacklevel=1)  # a skip alone is easy to overlook
pytestmark = pytest.mark.skipif(not WHERE, reason=UNTRIED)


def request_of(text: str) -> Request:
    """A request out of the suite's own notation. A folded header is joined, as its canonical form shows."""
    head, _, body = text.partition("\n\n")
    first, *rest = head.split("\n")
    method, _, remainder = first.partition(" ")
    target = remainder.rpartition(" ")[0].encode("utf-8").decode("latin-1")
    path, _, query = target.partition("?")
    headers: list[tuple[str, str]] = []
    for line in filter(None, rest):
        if line.startswith(" "):
            headers[-1] = (headers[-1][0], headers[-1][1] + line)
        else:
            name, _, value = line.partition(":")
            headers.append((name.lower(), value))
    return Request(method, path, query, tuple(headers), body.encode("utf-8"))


def verified(case: dict[str, Any], form: str, reading: sigv4.Reading | None = None) -> sigv4.Verified:
    request = request_of(case[form]["signed_request"])
    carried = sigv4.carrier(request, shortest_key_id=11)
    assert carried is not None
    return sigv4.verify(
        request,
        carried,
        case["credentials"]["secret_access_key"],
        now=datetime.fromisoformat(case["timestamp"]),
        service=case["service"],
        regions={case["region"]},
        allow_unsigned_token=bool(case["omit_session_token"]),
        reading=reading or (sigv4.STANDARD if case["normalize"] else sigv4.LITERAL),
    )


def test_the_suite_has_all_its_cases() -> None:
    assert len(CASES) == 38


@pytest.mark.parametrize(("case", "form"), BOTH)
def test_a_vector_is_verified_and_its_canonical_request_is_the_same(case: dict[str, Any], form: str) -> None:
    assert verified(case, form).canonical_request == case[form]["canonical_request"]


@pytest.mark.parametrize("form", ["header", "query"])
def test_control_a_path_that_is_never_normalised_fails_vectors(form: str) -> None:
    failed = 0
    for case in CASES:
        try:
            verified(case, form, sigv4.LITERAL)
        except sigv4.SignatureError:
            failed += 1
    assert failed > 0


@pytest.mark.parametrize("form", ["header", "query"])
def test_a_token_added_after_signing_is_refused_unless_the_setting_allows_it(form: str) -> None:
    (late,) = [case for case in CASES if case["omit_session_token"]]
    with pytest.raises(sigv4.SignatureError):
        verified({**late, "omit_session_token": False}, form)
