"""The evaluator inside moto (the one that its server uses), told the documents as they are."""

import json
from importlib.metadata import version

from answering import answer
from moto.iam.access_control import IAMPolicy, PermissionResult


def load(documents):
    return [IAMPolicy(json.dumps(document)) for document in documents]


def ask(policies, question):
    permitted = False
    for policy in policies:
        result = policy.is_action_permitted(
            question["action"], question["resource"], incoming_condition_values=question["context"]
        )
        if result == PermissionResult.DENIED:
            return False
        permitted = permitted or result == PermissionResult.PERMITTED
    return permitted


answer(load, ask, f"moto {version('moto')}")
