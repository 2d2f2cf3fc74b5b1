"""A record says who did what and how it ended, without a secret, on one bounded line."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.audit.chained import record

from locum.audit.record import LONGEST, OMITTED
from locum.audit.sensitive import HIDDEN, members, without_secrets
from locum.aws import shapes
from locum.aws.secret import Secret


def test_a_record_is_one_line():
    assert b"\n" not in record(1, user_agent="a\nb", inputs={"UserName": "x\ny"}).octets()


def test_inputs_that_are_too_long_are_left_out_and_that_is_said():
    read = msgspec.json.decode(record(1, inputs={"PolicyDocument": "x" * LONGEST}).octets())
    assert read["inputs"] == OMITTED


def test_nothing_makes_a_record_longer_than_its_bound():
    long = record(1, inputs={"A": "x" * LONGEST}, statements=("y" * LONGEST,), user_agent="z" * LONGEST)
    assert len(long.octets()) <= LONGEST


def test_a_secret_that_strays_into_a_record_is_not_shown():
    assert b"hunter2" not in record(1, inputs={"Strange": Secret("hunter2")}).octets()


@pytest.mark.parametrize(
    ("action", "member"),
    [
        ("iam:ChangePassword", "OldPassword"),
        ("iam:ChangePassword", "NewPassword"),
        ("iam:CreateLoginProfile", "Password"),
        ("iam:UploadServerCertificate", "PrivateKey"),
        ("iam:EnableMFADevice", "AuthenticationCode1"),
        ("iam:EnableMFADevice", "AuthenticationCode2"),
        ("sts:AssumeRole", "TokenCode"),
        ("sts:GetSessionToken", "TokenCode"),
        ("sts:AssumeRoleWithSAML", "SAMLAssertion"),
        ("sts:AssumeRoleWithWebIdentity", "WebIdentityToken"),
    ],
)
def test_what_is_sensitive_is_replaced(action, member):
    cleaned = without_secrets(action, {member: "a secret", "UserName": "alice"})
    assert cleaned == {member: HIDDEN, "UserName": "alice"}


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_every_input_that_a_model_marks_sensitive_is_replaced(service):
    for operation in shapes.service(service).operations.values():
        if operation.input is None:
            continue
        marked = {name for name, ref in operation.input.members.items() if operation.shapes[ref.shape].sensitive}
        assert marked <= members(operation.action)


def test_what_is_sensitive_is_replaced_at_any_depth():
    nested = [
        f"{service}:{name}"
        for service in ("identitystore", "sso-admin", "iam", "sts", "organizations")
        for name, operation in shapes.service(service).operations.items()
        if operation.input and members(f"{service}:{name}") - set(operation.input.members)
    ]
    action = nested[0]
    [member, *_] = sorted(members(action))
    assert without_secrets(action, {"Deep": [{member: "a secret"}]}) == {"Deep": [{member: HIDDEN}]}


def test_inputs_without_anything_sensitive_are_the_same_ones():
    inputs = {"UserName": "alice"}
    assert without_secrets("iam:CreateUser", inputs) is inputs
