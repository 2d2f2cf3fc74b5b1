"""Cedar through cedarpy, the workload's statements as Cedar policies, one parsed policy set a principal."""

from importlib.metadata import version

import cedarpy
from answering import answer

CONDITIONS = {
    "StringEquals": lambda key, values: " || ".join(f'context["{key}"] == "{value}"' for value in values),
    "StringNotEquals": lambda key, values: " && ".join(f'context["{key}"] != "{value}"' for value in values),
    "StringLike": lambda key, values: " || ".join(f'context["{key}"] like "{value}"' for value in values),
    "Bool": lambda key, values: " || ".join(f'context["{key}"] == "{value}"' for value in values),
    "IpAddress": lambda key, values: " || ".join(f'ip(context["{key}"]).isInRange(ip("{v}"))' for v in values),
}
NOBODY = cedarpy.Entities.from_json_str("[]")


def listed(value):
    return value if isinstance(value, list) else [value]


def when(statement):
    parts = [
        " || ".join(f'context.action like "{action}"' for action in listed(statement["Action"])),
        " || ".join(f'context.resource like "{resource}"' for resource in listed(statement["Resource"])),
    ]
    for operator, block in statement.get("Condition", {}).items():
        parts += [CONDITIONS[operator](key, listed(values)) for key, values in block.items()]
    named = statement.get("Principal", "*")
    if named != "*":
        parts.append(f'context.caller == "{named["AWS"]}"')
    return " && ".join(f"({part})" for part in parts)


def statements(documents):
    return [statement for document in documents for statement in document["Statement"]]


def cedar(statement):
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    return f"{effect}(principal, action, resource) when {{ {when(statement)} }};"


def filters(documents):
    """Policies that only take away: what none of their Allows covers is forbidden, and what a Deny covers."""
    allows = " || ".join(f"({when(one)})" for one in statements(documents) if one["Effect"] == "Allow")
    denies = [cedar(one) for one in statements(documents) if one["Effect"] == "Deny"]
    return [f"forbid(principal, action, resource) unless {{ {allows} }};", *denies]


def load(documents, layers=None):
    found = [cedar(statement) for statement in statements(documents)]
    if layers:
        for taking in (layers["boundary"], layers["session"], *layers["scps"]):
            found += filters(taking)
        found += [cedar(one) for level in layers["rcps"] for one in statements(level)]
        found += [cedar(one) for one in statements(layers["resource_policy"])]
    return cedarpy.PolicySet.from_str("\n".join(found))


def ask(policies, question):
    request = {
        "principal": 'User::"u"',
        "action": 'Action::"a"',
        "resource": 'Resource::"r"',
        "context": {
            **question["context"],
            "action": question["action"],
            "resource": question["resource"],
            "caller": f"user-{question['principal']}",
        },
    }
    return cedarpy.is_authorized(request, policies, NOBODY).allowed


answer(load, ask, f"cedarpy {version('cedarpy')}")
