"""When a signature counts: to the second, at both ends, in both forms (rules S13, S14; xS9)."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.planted import planted
from tests.unit.sigv4 import signed as s

from locum import sigv4
from locum.http import Request
from locum.sigv4 import canonical

SECOND = timedelta(seconds=1)
FIVE, FIFTEEN = timedelta(minutes=5), timedelta(minutes=15)
HEADER = s.signed(s.post())


@pytest.mark.parametrize("window", [FIVE, FIFTEEN])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_signed_request_counts_up_to_the_very_end_of_the_window(window: timedelta, direction: int) -> None:
    assert s.verified(HEADER, now=s.NOW + direction * window, window=window)
    refusal = s.refusal_of(HEADER, now=s.NOW + direction * (window + SECOND), window=window)
    assert (refusal.code, refusal.status) == ("SignatureDoesNotMatch", 403)


def test_the_sentence_of_an_old_signature_is_that_of_aws() -> None:
    assert s.refusal_of(HEADER, now=s.NOW + FIVE + SECOND).message == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000501Z - 5 min.)"
    )


def test_the_sentence_of_a_future_signature_is_that_of_aws() -> None:
    assert s.refusal_of(HEADER, now=s.NOW - FIVE - SECOND).message == (
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235959Z (20251231T235459Z + 5 min.)"
    )


def test_parts_of_a_second_do_not_count() -> None:
    assert s.verified(HEADER, now=s.NOW + FIVE + timedelta(microseconds=999_999))


@pytest.mark.parametrize("life", [1, 900, 604_800])
def test_a_presigned_request_counts_until_its_expiry_and_not_a_second_longer(life: int) -> None:
    request = s.presigned(s.get(), expires=life)
    assert s.verified(request, now=s.NOW + life * SECOND)
    refusal = s.refusal_of(request, now=s.NOW + (life + 1) * SECOND)
    assert (refusal.code, refusal.status) == ("RequestExpired", 400)


def test_a_presigned_request_of_more_than_a_week_never_counts() -> None:
    assert s.refusal_of(s.presigned(s.get(), expires=604_801)).code == "IncompleteSignature"


def test_a_presigned_request_may_be_early_by_the_window() -> None:
    request = s.presigned(s.get())
    assert s.verified(request, now=s.NOW - FIVE)
    assert s.refusal_of(request, now=s.NOW - FIVE - SECOND).code == "RequestExpired"


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_refused_without_an_overflow(year: int) -> None:
    then = datetime(year, 6, 1, tzinfo=UTC)
    assert s.refusal_of(s.signed(s.post(), now=then)).code == "SignatureDoesNotMatch"
    assert s.refusal_of(s.presigned(s.get(), now=then)).code == "RequestExpired"


def test_the_scope_has_the_day_of_the_time_even_at_midnight() -> None:
    before = s.signed(s.post(), now=s.NOW - SECOND)
    assert s.verified(before)
    text = before.header("authorization").replace("20251231/", "20260101/")
    refusal = s.refusal_of(s.replaced(before, "authorization", text))
    assert refusal.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20260101' != '20251231', from '20251231T235959Z'."
    )


@pytest.mark.parametrize("text", ["", "now", "20260101", "2026-01-01T00:00:00Z", "20260132T000000Z", "\u0662" * 16])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    refusal = s.refusal_of(s.replaced(HEADER, "x-amz-date", text))
    assert refusal.code == "SignatureDoesNotMatch"
    assert refusal.message.startswith("Date must be in ISO-8601 'basic format'.")


@pytest.mark.parametrize("date", ["20260101T000000Z", "Thu, 01 Jan 2026 00:00:00 GMT"])
def test_a_date_header_serves_where_x_amz_date_is_missing(date: str) -> None:
    assert s.accepts(s.dated(s.post(), date))


def test_x_amz_date_wins_over_date() -> None:
    assert s.accepts(s.with_headers(HEADER, ("date", "Mon, 01 Jan 1990 00:00:00 GMT")))


def test_a_leaked_day_key_does_not_sign_for_another_day() -> None:
    key = s.signed(s.post(), now=s.NOW - timedelta(days=1))
    moved = s.replaced(key, "x-amz-date", "20260101T000000Z")
    assert s.refusal_of(moved).message.startswith("Date in Credential scope does not match")
    assert not s.accepts(msgspec.structs.replace(moved, body=b"Action=GetCallerIdentity"))


# ------------------------------------------------------------------ the edges as a table, and its controls (xS9)

# (what, the request, how far from its time the server's clock stands, the window, whether it counts)
WEEK = 604_800
EDGES: list[tuple[str, Request, timedelta, timedelta, bool]] = [
    *(
        (
            f"{form} {sign * window // SECOND:+} s by {over} s",
            request,
            sign * (window + over * SECOND),
            window,
            not over,
        )
        for form, request in (("header", HEADER), ("presigned", s.presigned(s.get(), expires=WEEK)))
        for window in (FIVE, FIFTEEN)
        for sign in ((1, -1) if form == "header" else (-1,))
        for over in (0, 1)
    ),
    *(
        (
            f"presigned for {life} s, {over} s over",
            s.presigned(s.get(), expires=life),
            (life + over) * SECOND,
            FIVE,
            not over,
        )
        for life in (1, 900, WEEK)
        for over in (0, 1)
    ),
    ("presigned for more than a week", s.presigned(s.get(), expires=WEEK + 1), timedelta(), FIVE, False),
]


def misjudged(**how: object) -> list[str]:
    """The edges at which a request counts that should not, or the other way round."""
    return [
        what
        for what, request, off, window, counts in EDGES
        if s.accepts(request, now=s.NOW + off, window=window, **how) != counts
    ]


def with_leaked_key(day: str) -> Request:
    """A request of now, signed with the key of another day by somebody who has that key and nothing else."""
    moment = "20260101T000000Z"
    scope = f"{day}/us-east-1/sts/aws4_request"
    headers = {"host": "sts.example", "x-amz-date": moment}
    names = sorted(headers)
    text = canonical.canonical_request(
        "GET",
        path="/",
        query=canonical.canonical_query(canonical.pairs(s.get().query)),
        headers=canonical.canonical_headers(names, headers),
        signed_headers=";".join(names),
        payload=canonical.payload_hash(b""),
    )
    key = sigv4.signing_key(s.SECRET.encode(), day, "us-east-1", "sts")
    to_sign = canonical.string_to_sign(text, timestamp=moment, scope=scope)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={s.KEY_ID}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return s.with_headers(s.get(), ("x-amz-date", moment), ("authorization", authorization))


DAYS = ("20251231", "20260102", "20250101", "20260131", "2026011", "202601010")


def days_taken(**how: object) -> list[str]:
    """The days whose leaked key signs for today."""
    return [day for day in DAYS if s.accepts(with_leaked_key(day), **how)]


def test_every_edge_is_where_it_is_said_to_be_to_the_second() -> None:
    assert misjudged() == []
    assert len(EDGES) == 19


def test_the_key_of_another_day_signs_for_no_other_whoever_holds_it() -> None:
    assert s.accepts(with_leaked_key("20260101"))
    assert days_taken() == []


def test_control_a_verifier_that_leaves_the_day_of_the_scope_unchecked_is_found() -> None:
    loose = planted("locum.sigv4.verify", ("if carrier.date != written[:8]:", "if not carrier.date:")).verify
    assert days_taken(verify=loose) == list(DAYS)


def test_control_a_window_that_is_a_second_off_is_found() -> None:
    longer = planted(
        "locum.sigv4.verify", ("if -window <= age <= window:", "if -window <= age <= window + MINUTE / 60:")
    )
    shorter = planted("locum.sigv4.verify", ("if -window <= age <= window:", "if -window < age <= window:"))
    assert len(misjudged(verify=longer.verify)) == len(misjudged(verify=shorter.verify)) == 2


def test_control_a_presigned_request_that_counts_a_second_longer_is_found() -> None:
    longer = planted(
        "locum.sigv4.verify", ("timedelta(seconds=carrier.expires)", "timedelta(seconds=carrier.expires + 1)")
    )
    week = planted("locum.sigv4.carrier", ("WEEK = 604_800", "WEEK = 604_801"))
    assert len(misjudged(verify=longer.verify)) == 3
    assert misjudged(carrier=week.carrier) == ["presigned for more than a week"]
