"""The policies of a role that belongs to a service: its customers do not change them."""

from __future__ import annotations

import pytest
from tests.iam_house import ACCOUNT, NOW, IamHouse

from locum.iam.entities import Role

DOCUMENT = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("iam:PutRolePolicy", {"PolicyName": "inner", "PolicyDocument": DOCUMENT}),
        ("iam:DeleteRolePolicy", {"PolicyName": "inner"}),
        ("iam:AttachRolePolicy", {"PolicyArn": ARN}),
        ("iam:DetachRolePolicy", {"PolicyArn": ARN}),
        ("iam:PutRolePermissionsBoundary", {"PermissionsBoundary": ARN}),
        ("iam:DeleteRolePermissionsBoundary", {}),
    ],
)
def test_a_service_linked_role_is_modifiable_by_aws_alone(
    house: IamHouse, operation: str, inputs: dict[str, str]
) -> None:
    path = "/aws-service-role/support.amazonaws.com/"
    role = Role(id="AROA" + "A" * 17, account=ACCOUNT, name="Linked", path=path, created=NOW, trust=DOCUMENT)
    house.write(lambda tx: tx.add(role))
    assert house.refused(operation, RoleName="Linked", **inputs).code == "UnmodifiableEntity"
