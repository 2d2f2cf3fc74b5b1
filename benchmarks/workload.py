"""One workload for all evaluators: principals with fifteen statements each, and questions about them.

Law: a number decides everything. Documents are plain IAM policies that every evaluator here can be told: actions and
resources with stars, one Deny in eight, a condition on one statement in five, of the kinds StringEquals, StringLike,
Bool and IpAddress. No two principals share a document. The truth is the plain evaluator's, which shares no code with
the engine.
"""

from __future__ import annotations

import sys
from random import Random
from typing import Any

from tests import plain

ACCOUNT = "111122223333"
STATEMENTS, DOCUMENTS = 15, 3
CONDITIONED, DENYING = 0.2, 0.125

ACTIONS = {
    "s3": ("GetObject", "PutObject", "DeleteObject", "ListBucket", "GetBucketTagging"),
    "dynamodb": ("GetItem", "PutItem", "Query", "Scan", "DeleteItem"),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl"),
    "lambda": ("InvokeFunction", "GetFunction", "ListFunctions", "UpdateFunctionCode"),
    "logs": ("PutLogEvents", "CreateLogStream", "GetLogEvents"),
}
ARNS = {
    "s3": "arn:aws:s3:::{name}/data/object",
    "dynamodb": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{{name}}/index/by-date",
    "sqs": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{{name}}-queue",
    "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{{name}}:live",
    "logs": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{{name}}:log-stream:main",
}
TEAMS, REGIONS = ("red", "blue", "green", "blue-night"), ("us-east-1", "eu-central-1", "ap-south-1")
ADDRESSES = ("10.1.2.3", "10.200.0.9", "192.0.2.7", "203.0.113.80")

Document = dict[str, Any]


def caller(number: int) -> str:
    """The ARN of a principal."""
    return f"arn:aws:iam::{ACCOUNT}:user/user-{number}"


def documents(number: int) -> list[Document]:
    """The policies of one principal."""
    random = Random(number)
    share = STATEMENTS // DOCUMENTS
    return [
        {"Version": "2012-10-17", "Statement": [_statement(random, number) for _ in range(share)]}
        for _ in range(DOCUMENTS)
    ]


def _statement(random: Random, number: int) -> Document:
    service = random.choice(list(ACTIONS))
    names = random.sample(ACTIONS[service], 2)
    action = random.choice(
        ([f"{service}:{name}" for name in names], [f"{service}:{names[0]}"], [f"{service}:{names[0][:3]}*"])
    )
    if random.random() < 0.1:
        action = [f"{service}:*"]
    name = _name(random, number)
    whole = ARNS[service].format(name=name)
    resource = random.choice((whole, whole[: whole.index(name) + len(name)] + "*", whole.replace(name, f"*{name[2:]}")))
    found: Document = {
        "Effect": "Deny" if random.random() < DENYING else "Allow",
        "Action": action,
        "Resource": [resource],
    }
    if random.random() < CONDITIONED:
        found["Condition"] = random.choice(
            (
                {"StringEquals": {"aws:RequestedRegion": random.sample(REGIONS, 2)}},
                {"StringLike": {"aws:PrincipalTag/team": ["blue*"]}},
                {"Bool": {"aws:SecureTransport": "true"}},
                {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}},
            )
        )
    return found


def _name(random: Random, number: int) -> str:
    return f"u{number}-{random.choice(('orders', 'users', 'reports'))}"


def questions(principals: int, count: int, *, seed: int = 1) -> list[Document]:
    """Questions of principals drawn from the first `principals`: half of them about a statement of their own."""
    random = Random(seed)
    found = []
    for _ in range(count):
        number = random.randrange(principals)
        service = random.choice(list(ACTIONS))
        action = f"{service}:{random.choice(ACTIONS[service])}"
        resource = ARNS[service].format(name=_name(random, number))
        if random.random() < 0.5:
            statement = random.choice(random.choice(documents(number))["Statement"])
            service = statement["Action"][0].partition(":")[0]
            wanted = statement["Action"][0].partition(":")[2].rstrip("*")
            named = [name for name in ACTIONS[service] if name.startswith(wanted)]
            action = f"{service}:{random.choice(named)}"
            resource = ARNS[service].format(name=_name(random, number))
        found.append(
            {
                "principal": number,
                "action": sys.intern(action),  # as from a server's table of operations
                "resource": resource,
                "context": {
                    "aws:RequestedRegion": random.choice(REGIONS),
                    "aws:PrincipalTag/team": random.choice(TEAMS),
                    "aws:SecureTransport": random.choice(("true", "false")),
                    "aws:SourceIp": random.choice(ADDRESSES),
                },
            }
        )
    return found


def layers() -> dict[str, Any]:
    """What else a decision may have to look at, in the plain evaluator's words: the same for every principal."""
    everything = _policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    outside = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-central-1"]}}
    return {
        "boundary": [_policy({"Effect": "Allow", "Action": ["s3:*", "dynamodb:*", "sqs:*"], "Resource": "*"})],
        "session": [_policy({"Effect": "Allow", "Action": ["s3:*", "sqs:*", "lambda:*"], "Resource": "*"})],
        "scps": [
            [everything],
            [everything, _policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": outside})],
        ],
        "rcps": [
            [
                _policy(
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                )
            ]
        ],
        "resource_policy": [
            _policy(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/somebody-else"},
                    "Action": "s3:*",
                    "Resource": "*",
                }
            )
        ],
    }


def truth(question: Document, *, layered: bool = False) -> bool:
    """The plain evaluator's answer."""
    number = question["principal"]
    user = {"type": "User", "arn": caller(number), "account": ACCOUNT, "id": "", "management_account": False}
    scenario = {
        "principal": user,
        "action": [question["action"]],
        "resource": [{"arn": question["resource"], "account": ACCOUNT}],
        "context": question["context"],
        "identity": documents(number),
    }
    return plain.decide(scenario | layers() if layered else scenario).verdict == "allowed"


def _policy(statement: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [statement]}
