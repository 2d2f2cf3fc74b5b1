"""Cedar through cedarpy, the workload's statements as Cedar policies, one parsed policy set a principal."""

from importlib.metadata import version

import cedarpy
from answering import answer

CONDITIONS = {
    "StringEquals": lambda key, values: " || ".join(f'context["{key}"] == "{value}"' for value in values),
    "StringLike": lambda key, values: " || ".join(f'context["{key}"] like "{value}"' for value in values),
    "Bool": lambda key, values: " || ".join(f'context["{key}"] == "{value}"' for value in values),
    "IpAddress": lambda key, values: " || ".join(f'ip(context["{key}"]).isInRange(ip("{v}"))' for v in values),
}
NOBODY = cedarpy.Entities.from_json_str("[]")


def listed(value):
    return value if isinstance(value, list) else [value]


def cedar(statement):
    effect = "permit" if statement["Effect"] == "Allow" else "forbid"
    parts = [
        " || ".join(f'context.action like "{action}"' for action in listed(statement["Action"])),
        " || ".join(f'context.resource like "{resource}"' for resource in listed(statement["Resource"])),
    ]
    for operator, block in statement.get("Condition", {}).items():
        parts += [CONDITIONS[operator](key, listed(values)) for key, values in block.items()]
    return f"{effect}(principal, action, resource) when {{ {' && '.join(f'({part})' for part in parts)} }};"


def load(documents):
    text = "\n".join(cedar(statement) for document in documents for statement in document["Statement"])
    return cedarpy.PolicySet.from_str(text)


def ask(policies, question):
    request = {
        "principal": 'User::"u"',
        "action": 'Action::"a"',
        "resource": 'Resource::"r"',
        "context": {**question["context"], "action": question["action"], "resource": question["resource"]},
    }
    return cedarpy.is_authorized(request, policies, NOBODY).allowed


answer(load, ask, f"cedarpy {version('cedarpy')}")
