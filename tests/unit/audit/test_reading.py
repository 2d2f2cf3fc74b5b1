"""The trail can be asked: by user, operation, outcome and time, over all chains, and followed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.audit.chained import NOW, record

from locum.audit.files import chains
from locum.audit.reading import Following, Wanted, merged

ROLE = "arn:aws:sts::111122223333:assumed-role/app/bob"


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted(user="alice"), True),
        (Wanted(user="alic"), False),
        (Wanted(user="arn:aws:iam::111122223333:user/alice"), True),
        (Wanted(user="user"), False),
        (Wanted(operation="iam:getuser"), True),
        (Wanted(operation="iam:Get*"), True),
        (Wanted(operation="iam:List*"), False),
        (Wanted(outcome="allowed"), True),
        (Wanted(outcome="refused"), False),
        (Wanted(since=NOW), True),
        (Wanted(since=NOW + timedelta(seconds=1)), False),
        (Wanted(until=NOW), False),
        (Wanted(until=NOW + timedelta(seconds=1)), True),
    ],
)
def test_a_record_is_wanted_when_every_condition_holds(wanted, taken):
    assert wanted.takes(record(0)) is taken


@pytest.mark.parametrize("user", ["app", "bob", ROLE, "ASIAEXAMPLE"])
def test_a_session_is_found_by_its_role_its_name_its_arn_and_its_key(user):
    assert Wanted(user=user).takes(record(0, caller=ROLE, access_key_id="ASIAEXAMPLE"))


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [("implicitDeny", "denied"), ("explicitDeny", "denied"), ("NoSuchEntity", "refused"), ("NoSuchEntity",) * 2],
)
def test_denials_and_refusals_have_words_of_their_own(outcome, wanted):
    assert Wanted(outcome=wanted).takes(record(0, outcome=outcome))
    assert not Wanted(outcome=wanted).takes(record(0))


def test_chains_are_read_together_by_time(kept):
    one, other = kept.trail(), kept.trail()
    for number in range(6):
        (one, other)[number % 2].add(record(number), durable=True).wait()
    one.close()
    other.close()
    found = [each.request_id for each in merged(chains(kept.audit), Wanted())]
    assert found == [f"request-{number}" for number in range(6)]


def test_what_was_written_since_can_be_followed_in_old_and_in_new_chains(kept):
    one = kept.trail()
    one.add(record(1), durable=True).wait()
    following = Following(kept.audit, Wanted())
    one.add(record(2), durable=True).wait()
    other = kept.trail()
    other.add(record(3), durable=True).wait()
    assert [each.request_id for each in following.take()] == ["request-2", "request-3"]
    assert list(following.take()) == []
    one.close()
    other.close()
