"""Vakt with rules for actions, resources and context, one guard with a memory storage a principal."""

import re
from importlib.metadata import version

import vakt
from answering import answer
from vakt.rules import CIDR, Any, Eq, In, Or, RegexMatch

CONDITIONS = {
    "StringEquals": lambda values: In(*values),
    "StringLike": lambda values: Or(*[star(value) for value in values]),
    "Bool": lambda values: In(*values),
    "IpAddress": lambda values: Or(*[CIDR(value) for value in values]),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def star(pattern):
    if "*" not in pattern:
        return Eq(pattern)
    return RegexMatch("^" + re.escape(pattern).replace(r"\*", ".*") + "$")


def load(documents):
    storage = vakt.MemoryStorage()
    statements = [statement for document in documents for statement in document["Statement"]]
    for number, statement in enumerate(statements):
        context = {
            key: CONDITIONS[operator](listed(values))
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        }
        policy = vakt.Policy(
            number,
            subjects=[Any()],
            actions=[star(action) for action in listed(statement["Action"])],
            resources=[star(resource) for resource in listed(statement["Resource"])],
            effect=vakt.ALLOW_ACCESS if statement["Effect"] == "Allow" else vakt.DENY_ACCESS,
            context=context,
        )
        storage.add(policy)
    return vakt.Guard(storage, vakt.RulesChecker())


def ask(guard, question):
    inquiry = vakt.Inquiry(
        subject="u", action=question["action"], resource=question["resource"], context=question["context"]
    )
    return guard.is_allowed(inquiry)


answer(load, ask, f"vakt {version('vakt')}")
