"""AWS's sentences for a denial."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.policy.asking import ask

from locum.policy import decide, denial_sentence

ALICE = "arn:aws:iam::111122223333:user/alice"
BUCKET = "arn:aws:s3:::b/k"
START = f"User: {ALICE} is not authorized to perform: s3:GetObject on resource: {BUCKET}"
ALLOW, DENY = "allow s3:* on *", "deny s3:* on *"


def said(**fields: Any) -> str:
    question = ask(**fields)
    return denial_sentence(question, decide(question))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "because no identity-based policy allows the s3:GetObject action"),
        ({"identity": DENY}, "with an explicit deny in an identity-based policy"),
        ({"identity": ALLOW, "boundary": []}, "because no permissions boundary allows the s3:GetObject action"),
        ({"boundary": DENY}, "with an explicit deny in a permissions boundary"),
        ({"identity": ALLOW, "session": []}, "because no session policy allows the s3:GetObject action"),
        ({"session": [DENY]}, "with an explicit deny in a session policy"),
        ({"identity": ALLOW, "scps": [[]]}, "with an explicit deny in a service control policy"),
        ({"scps": [[DENY]]}, "with an explicit deny in a service control policy"),
        ({"rcps": [[DENY]]}, "with an explicit deny in a resource control policy"),
        ({"identity": ALLOW, "endpoint": []}, "because no VPC endpoint policy allows the s3:GetObject action"),
        ({"endpoint": DENY}, "with an explicit deny in a VPC endpoint policy"),
        (
            {"identity": ALLOW, "resource_account": "444455556666"},
            "because no resource-based policy allows the s3:GetObject action",
        ),
        ({"resource_policy": "deny s3:* on * to *"}, "with an explicit deny in a resource-based policy"),
        ({"scps": [[DENY]], "identity": DENY}, "with an explicit deny in a service control policy"),
    ],
)
def test_the_reason_names_one_layer(fields: dict[str, Any], reason: str) -> None:
    assert said(resource=BUCKET, **fields) == f"{START} {reason}"


def test_a_denial_by_a_rule_of_aws_gives_no_reason() -> None:
    resource = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert said(action="iam:DeletePolicy", resource=resource, identity="AdministratorAccess") == (
        f"User: {ALICE} is not authorized to perform: iam:DeletePolicy on resource: {resource}"
    )


def test_assuming_a_role_gives_no_reason() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    for action in ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"):
        assert said(action=action, resource=role, trust="deny sts:* to *") == (
            f"User: {ALICE} is not authorized to perform: {action} on resource: {role}"
        )


def test_unsigned_calls_name_no_caller() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    assert (
        said(principal="saml:Corp", action="sts:AssumeRoleWithSAML", resource=role, trust=[])
        == "Not authorized to perform sts:AssumeRoleWithSAML"
    )


def test_a_trust_policy_is_called_by_its_name() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    assert said(action="sts:GetFoo", resource=role, trust="deny sts:* to *").endswith(
        "with an explicit deny in the role trust policy"
    )


def test_an_anonymous_caller_is_called_so() -> None:
    assert said(principal="anonymous", resource=BUCKET).startswith("User: anonymous is not authorized")
