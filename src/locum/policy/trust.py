"""Role trust: who may be asked about, and the two forms of a trust policy.

Law: a stored trust policy names users and roles by their unique ids, so that a namesake of somebody deleted is nobody
(rule 2.7); what is shown names them by ARN. Only the strings of principals change, every other character stays. Pure
functions of text; which id belongs to which ARN is told by the caller. Rules 7.15 to 7.18.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from locum.policy.actions import ACCOMPANYING
from locum.policy.document import DocumentError, Node, parse_document
from locum.policy.match import fold
from locum.policy.principals import PrincipalType
from locum.policy.question import Question

_ENTITY = re.compile(r"arn:[a-z0-9-]+:iam::[0-9]{12}:(?:user|role)/.+", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.ASCII)


def may_be_asked(question: Question) -> bool:
    """Whether this caller can assume a role by this action at all, before any policy (rules 7.16 to 7.18).

    Root users cannot. Whom an identity provider vouches for can only use that provider's action, and others not.
    """
    principal = question.principal
    action = fold(question.action)
    if principal.type is PrincipalType.ROOT:
        return False
    if principal.type is PrincipalType.FEDERATED:
        own = "sts:assumerolewithsaml" if ":saml-provider/" in principal.arn else "sts:assumerolewithwebidentity"
        return action == own or action in ACCOMPANYING
    return action not in ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity")


def aws_principals(text: str) -> tuple[str, ...]:
    """Every string below `AWS` in the principals of a trust policy, in order, each once: ARNs, unique ids, account
    numbers, `*`. Empty for a text that is no policy."""
    return tuple(dict.fromkeys(node.text for node in _named(text)))


def principals_of(text: str) -> tuple[str, ...]:
    """The users and roles that a trust policy names by ARN, in order, each once.

    Empty for a text that is no policy: `parse` says what is wrong with it.
    """
    found = (node.text for node in _named(text) if _ENTITY.fullmatch(node.text))
    return tuple(dict.fromkeys(found))


def store_form(text: str, ids: Mapping[str, str]) -> str:
    """This trust policy with the ARNs of `ids` replaced by their unique ids."""
    return _renamed(text, ids.get)


def display_form(text: str, arns: Mapping[str, str]) -> str:
    """This trust policy with the unique ids of `arns` replaced by ARNs. An id of somebody deleted stays visible."""
    return _renamed(text, arns.get)


@lru_cache(maxsize=2048)
def _named(text: str) -> tuple[Node, ...]:
    """The strings below `Principal.AWS` and `NotPrincipal.AWS` of every statement. Kept, because a role is shown more
    often than its trust policy changes; the text is all that this depends on."""
    try:
        root = parse_document(text).root
    except DocumentError:
        return ()
    found: list[Node] = []
    statements = root.find("Statement")
    for statement in statements.one_or_many() if statements is not None else ():
        for element in ("Principal", "NotPrincipal"):
            principal = statement.find(element)
            names = principal.find("AWS") if principal is not None else None
            if names is not None:
                found.extend(names.one_or_many())
    return tuple(found)


def _renamed(text: str, rename: Callable[[str], str | None]) -> str:
    for node in reversed(_named(text)):
        name = rename(node.text)
        written = _STRING.match(text, node.at)
        if name is not None and written is not None:
            escaped = msgspec.json.encode(name).decode()  # a path may hold quotes
            text = f"{text[: node.at]}{escaped}{text[written.end() :]}"
    return text
