"""Casbin with stars in actions and resources and an expression for conditions, one enforcer a principal."""

import ipaddress
import logging
import re
from functools import lru_cache
from importlib.metadata import version

import casbin
from answering import answer

logging.disable(logging.CRITICAL)

MODEL = """
[request_definition]
r = act, res, region, team, secure, ip

[policy_definition]
p = act, res, cond, eft

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = like(r.act, p.act) && like(r.res, p.res) && eval(p.cond)
"""
NAMES = {
    "aws:RequestedRegion": "r.region",
    "aws:PrincipalTag/team": "r.team",
    "aws:SecureTransport": "r.secure",
    "aws:SourceIp": "r.ip",
}
FUNCTIONS = {"StringEquals": "same", "StringLike": "like", "Bool": "same", "IpAddress": "inside"}


@lru_cache(maxsize=100_000)
def compiled(pattern):
    return re.compile(re.escape(pattern).replace(r"\*", ".*"))


def like(value, patterns):
    return any(compiled(pattern).fullmatch(value) for pattern in patterns.split("|"))


def same(value, values):
    return value in values.split("|")


def inside(value, networks):
    return any(ipaddress.ip_address(value) in ipaddress.ip_network(network) for network in networks.split("|"))


def listed(value):
    return value if isinstance(value, list) else [value]


def condition(statement):
    tests = [
        f'{FUNCTIONS[operator]}({NAMES[key]}, "{"|".join(listed(values))}")'
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    ]
    return " && ".join(tests) or "1 == 1"


def load(documents):
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model)
    for name, function in (("like", like), ("same", same), ("inside", inside)):
        enforcer.add_function(name, function)
    for document in documents:
        for statement in document["Statement"]:
            enforcer.add_policy(
                "|".join(listed(statement["Action"])),
                "|".join(listed(statement["Resource"])),
                condition(statement),
                statement["Effect"].lower(),
            )
    return enforcer


def ask(enforcer, question):
    context = question["context"]
    return enforcer.enforce(
        question["action"],
        question["resource"],
        context["aws:RequestedRegion"],
        context["aws:PrincipalTag/team"],
        context["aws:SecureTransport"],
        context["aws:SourceIp"],
    )


answer(load, ask, f"casbin {version('casbin')}")
