"""The grammar of policies, by kind: what is wrong, where, and what would be right.

Law: text in, findings out, in the order of the text; nothing is compiled or decided here. A finding carries AWS's
sentence where AWS has one (its answers recorded in wire facts), since that sentence is what the API answers.
Rules 1.1 to 1.22 of docs/spec/policy.md.
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from locum.policy.conditions import OPERATORS, OperatorName
from locum.policy.document import Document, DocumentError, Kind, Member, Node, parse_document
from locum.policy.malformed import (
    LEGACY,
    NO_ACTIONS,
    NO_PRINCIPAL,
    NO_RESOURCES,
    ONE_COLON,
    SID_CHARACTERS,
    SID_UNIQUE,
    SYNTAX,
    TRUST_ACTION,
    TRUST_ACTIONS,
    TRUST_ALLOW_NOT_PRINCIPAL,
    TRUST_EFFECT,
    TRUST_EMPTY,
    TRUST_JSON,
    TRUST_NOBODY,
    TRUST_NOT_PRINCIPAL,
    TRUST_NOT_RESOURCE,
    TRUST_SID_UNIQUE,
    TRUST_VERSION,
    VENDOR,
)
from locum.policy.match import fold, glob, matches


class PolicyKind(Enum):
    """What a policy is attached to; each kind has its own grammar (rule 1.20)."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    ENDPOINT = "endpoint"
    KEY = "key"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: where (both from 1), what was seen, what would be right, and AWS's sentence."""

    line: int
    column: int
    seen: str
    right: str
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.seen}; {self.right}"


class Rules(msgspec.Struct, frozen=True):
    """What differs between kinds: `principal` is `required`, `forbidden` or `everyone`, `resource` one of the first."""

    principal: str = "forbidden"
    not_principal: bool = False
    resource: str = "required"
    id_allowed: bool = False
    deny_only: bool = False
    not_action: bool = True
    sid_characters: str = r"[0-9A-Za-z]*"


_IDENTITY = Rules()
_RESOURCE = Rules(principal="required", not_principal=True, id_allowed=True, sid_characters=r"[^\x00-\x1f]*")

RULES: dict[PolicyKind, Rules] = {
    PolicyKind.IDENTITY: _IDENTITY,
    PolicyKind.BOUNDARY: _IDENTITY,
    PolicyKind.SESSION: _IDENTITY,
    PolicyKind.SCP: Rules(id_allowed=True),
    PolicyKind.RCP: Rules(principal="everyone", id_allowed=True, deny_only=True, not_action=False),
    PolicyKind.TRUST: Rules(principal="required", resource="forbidden", id_allowed=True),
    PolicyKind.RESOURCE: _RESOURCE,
    PolicyKind.ENDPOINT: _RESOURCE,
    PolicyKind.KEY: _RESOURCE,
}

VERSIONS = ("2012-10-17", "2008-10-17")
PRINCIPAL_KEYS = ("AWS", "Service", "Federated", "CanonicalUser")

# What a trust policy can be about: becoming the role, and what a session brings along.
TRUST_OF = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "TagSession",
    "SetSourceIdentity",
    "SetContext",
)

_FOREIGN = re.compile(r"[^\t\n\r\u0020-\u00ff]")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9_*?-]+", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{4,124}", re.ASCII)
_PRINCIPAL_ARN = re.compile(
    r"arn:[a-z0-9-]+:(?:"
    r"iam::[0-9]{12}:(?:root|user/[!-)+->@-~]+|role/[!-)+->@-~]+)"
    r"|sts::[0-9]{12}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)"
    r"|cloudfront::[0-9]{12}:[\x21-\x7e]+|iam::cloudfront:user/[\x21-\x7e]+)",
    re.ASCII,
)
_SERVICE = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z]+", re.ASCII)
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_POLICY = ("Version", "Id", "Statement")


def findings(text: str | bytes, kind: PolicyKind) -> tuple[Document | None, tuple[Finding, ...]]:
    """The document in `text` and everything that is wrong with it as a policy of `kind`.

    Without a document (the text is no strict JSON) there is exactly one finding. Sizes are not checked here: which
    quota holds depends on what the policy is attached to (`size`).
    """
    try:
        document = parse_document(text)
    except DocumentError as error:
        sentence = TRUST_JSON if kind is PolicyKind.TRUST else SYNTAX
        return None, (Finding(error.line, error.column, error.seen, error.right, sentence),)
    check = _Check(document, kind)
    check.policy()
    return document, tuple(sorted(check.findings, key=lambda found: (found.line, found.column)))


def size(text: str, kind: PolicyKind) -> int:
    """The characters of a policy that count against a quota: white space only counts in SCPs and RCPs (rule 1.22)."""
    if kind in (PolicyKind.SCP, PolicyKind.RCP):
        return len(text)
    return len(text) - sum(map(text.count, " \t\r\n"))


class _Check:
    """One walk over one document."""

    def __init__(self, document: Document, kind: PolicyKind) -> None:
        self.document = document
        self.kind = kind
        self.rules = RULES[kind]
        self.findings: list[Finding] = []

    def wrong(self, at: int, seen: str, right: str, sentence: str = SYNTAX) -> None:
        line, column = self.document.position(at)
        self.findings.append(Finding(line, column, seen, right, sentence))

    def said(self, sentence: str, of_trust: str) -> str:
        """AWS's sentence about a policy of this kind: `of_trust` about a trust policy."""
        return of_trust if self.kind is PolicyKind.TRUST else sentence

    def policy(self) -> None:
        foreign = _FOREIGN.search(self.document.text)
        if foreign:
            right = "tab, line ends and U+0020 to U+00FF would be right"
            self.wrong(foreign.start(), f"character U+{ord(foreign[0]):04X}", right, LEGACY)
        root = self.document.root
        if root.kind is not Kind.OBJECT:
            self.wrong(root.at, root.kind.value, "one object with `Version` and `Statement` would be right")
            return
        self.names(root, _POLICY)
        self.version(root.find("Version"))
        self.identifier(root)
        statements = root.find("Statement")
        if statements is None:
            self.wrong(root.at, "no `Statement`", "a list of statements would be right")
            return
        if not statements.one_or_many():
            right = "at least one statement would be right"
            self.wrong(statements.at, "an empty `Statement`", right, self.said(SYNTAX, TRUST_EMPTY))
        sids: set[str] = set()
        for node in statements.one_or_many():
            if node.kind is Kind.OBJECT:
                self.statement(node, sids)
            else:
                self.wrong(node.at, node.kind.value, "a statement is an object")

    def names(self, node: Node, known: tuple[str, ...]) -> None:
        """Element names are case-sensitive, and an unknown one is an error (rule 1.10)."""
        for member in node.members:
            if member.key not in known:
                self.wrong(member.at, f"element `{member.key}`", f"one of {_listed(known)} would be right")

    def version(self, node: Node | None) -> None:
        if node is not None and (node.kind is not Kind.STRING or node.text not in VERSIONS):
            seen = f"version `{node.text}`" if node.text else node.kind.value
            self.wrong(node.at, seen, f"{_listed(VERSIONS)} would be right", self.said(SYNTAX, TRUST_VERSION))

    def identifier(self, root: Node) -> None:
        node = root.find("Id")
        if node is None:
            return
        if not self.rules.id_allowed:
            self.wrong(node.at, "an `Id`", f"no `Id` in {_article(self.kind)} policy would be right")
        elif node.kind is not Kind.STRING:
            self.wrong(node.at, node.kind.value, "an `Id` is a string")

    def statement(self, node: Node, sids: set[str]) -> None:
        self.names(node, _STATEMENT)
        self.sid(node.find("Sid"), sids)
        self.effect(node)
        self.principals(node)
        self.actions(node)
        self.resources(node)
        condition = node.find("Condition")
        if condition is not None:
            self.conditions(condition)

    def sid(self, node: Node | None, sids: set[str]) -> None:
        if node is None:
            return
        if node.kind is not Kind.STRING:
            self.wrong(node.at, node.kind.value, "a `Sid` is a string")
            return
        if not re.fullmatch(self.rules.sid_characters, node.text, re.ASCII):
            self.wrong(node.at, f"sid `{node.text}`", "letters and digits would be right", SID_CHARACTERS)
        if node.text and node.text in sids:
            sentence = self.said(SID_UNIQUE, TRUST_SID_UNIQUE)
            self.wrong(node.at, f"sid `{node.text}` twice", "each sid once would be right", sentence)
        sids.add(node.text)

    def effect(self, node: Node) -> None:
        effect = node.find("Effect")
        right = "`Allow` or `Deny` would be right"
        if effect is None:
            self.wrong(node.at, "no `Effect`", right, self.said(SYNTAX, TRUST_EFFECT))
        elif effect.kind is not Kind.STRING or effect.text not in ("Allow", "Deny"):
            self.wrong(effect.at, f"effect `{effect.text}`", right, self.said(LEGACY, f"Invalid effect: {effect.text}"))
        elif effect.text == "Allow" and self.rules.deny_only:
            self.wrong(effect.at, "effect `Allow`", f"only `Deny` in {_article(self.kind)} would be right")

    def pair(self, node: Node, name: str, *, sentence: str) -> Member | None:
        """The one of `name` and `Not…` that is there; both, or none, is an error (rule 1.6)."""
        both = [member for member in node.members if member.key in (name, f"Not{name}")]
        if len(both) != 1:
            seen = f"both `{name}` and `Not{name}`" if both else f"no `{name}`"
            self.wrong(node.at, seen, f"one of `{name}` and `Not{name}` would be right", SYNTAX if both else sentence)
            return None
        return both[0]

    def texts(self, member: Member) -> tuple[Node, ...]:
        """The strings of an element that takes one or a list of them; anything else is an error (rule 1.11)."""
        nodes = member.value.one_or_many()
        if not nodes:
            self.wrong(member.value.at, f"an empty `{member.key}`", "at least one value would be right")
        for node in nodes:
            if node.kind is not Kind.STRING:
                self.wrong(node.at, node.kind.value, f"the values of `{member.key}` are strings")
        return tuple(node for node in nodes if node.kind is Kind.STRING)

    def actions(self, node: Node) -> None:
        member = self.pair(node, "Action", sentence=self.said(NO_ACTIONS, TRUST_ACTION))
        if member is None:
            return
        if member.key == "NotAction" and not self.rules.not_action:
            self.wrong(member.at, "`NotAction`", f"`Action` in {_article(self.kind)} would be right")
        for value in self.texts(member):
            if not _ACTION.fullmatch(value.text):
                sentence = ONE_COLON if value.text.count(":") > 1 else VENDOR if ":" not in value.text else SYNTAX
                sentence = self.said(sentence, TRUST_ACTIONS)
                self.wrong(value.at, f"action `{value.text}`", "`*` or `service:Name` would be right", sentence)
            elif self.kind is PolicyKind.TRUST and not is_trust_action(value.text):
                right = "`sts:AssumeRole` or another action that assumes a role would be right"
                self.wrong(value.at, f"action `{value.text}`", right, TRUST_ACTIONS)

    def resources(self, node: Node) -> None:
        if self.rules.resource == "forbidden":
            for member in node.members:
                if member.key in ("Resource", "NotResource"):
                    sentence = "Has prohibited field Resource" if member.key == "Resource" else TRUST_NOT_RESOURCE
                    self.wrong(member.at, f"`{member.key}`", "none in a trust policy would be right", sentence)
            return
        pair = self.pair(node, "Resource", sentence=NO_RESOURCES)
        for value in self.texts(pair) if pair is not None else ():
            if not is_resource(value.text):
                sentence = f'Resource {value.text} must be in ARN format or "*".'
                right = "`*` or an ARN without a wildcard in its service would be right"
                self.wrong(value.at, f"resource `{value.text}`", right, sentence)

    def principals(self, node: Node) -> None:
        both = [member for member in node.members if member.key in ("Principal", "NotPrincipal")]
        if self.rules.principal == "forbidden":
            for member in both:
                right = f"none in {_article(self.kind)} policy would be right"
                self.wrong(member.at, f"`{member.key}`", right, NO_PRINCIPAL)
            return
        if len(both) != 1:
            seen = "both `Principal` and `NotPrincipal`" if both else "no `Principal`"
            sentence = SYNTAX if both else "Missing required field Principal"
            self.wrong(node.at, seen, "one `Principal` would be right", sentence)
            return
        member = both[0]
        if member.key == "NotPrincipal":
            self.not_principal(member, node.find("Effect"))
        self.principal(member)

    def not_principal(self, member: Member, effect: Node | None) -> None:
        if not self.rules.not_principal:
            allows = effect is not None and effect.text == "Allow"
            sentence = self.said(SYNTAX, TRUST_ALLOW_NOT_PRINCIPAL if allows else TRUST_NOT_PRINCIPAL)
            self.wrong(
                member.at, "`NotPrincipal`", f"`Principal` in {_article(self.kind)} policy would be right", sentence
            )
        elif effect is not None and effect.text == "Allow":
            self.wrong(member.at, "`NotPrincipal` with `Allow`", "`NotPrincipal` only with `Deny` would be right")

    def principal(self, member: Member) -> None:
        node = member.value
        if node.kind is Kind.STRING:
            if node.text != "*":
                right = '`"*"` or a map such as `{"AWS": …}` would be right'
                self.wrong(node.at, f"principal `{node.text}`", right, f"Invalid principal in policy: {node.text}")
            return
        if self.rules.principal == "everyone":
            self.wrong(node.at, "a principal that is not everybody", '`"Principal": "*"` would be right')
            return
        if node.kind is not Kind.OBJECT or not node.members:
            sentence = self.said(SYNTAX, TRUST_NOBODY if node.kind is Kind.OBJECT else SYNTAX)
            self.wrong(node.at, node.kind.value, '`"*"` or a map such as `{"AWS": …}` would be right', sentence)
            return
        self.names(node, PRINCIPAL_KEYS)
        for entry in node.members:
            for value in self.texts(entry):
                if entry.key in PRINCIPAL_KEYS and not is_principal(entry.key, value.text):
                    sentence = f'Invalid principal in policy: "{entry.key}":"{value.text}"'
                    self.wrong(value.at, f"principal `{value.text}`", _RIGHT_PRINCIPAL[entry.key], sentence)

    def conditions(self, node: Node) -> None:
        if node.kind is not Kind.OBJECT:
            self.wrong(node.at, node.kind.value, "a map from operators to keys would be right")
            return
        for operator in node.members:
            if OperatorName.parse(operator.key) is None:
                self.wrong(operator.at, f"operator `{operator.key}`", _right_operator(operator.key))
            if operator.value.kind is not Kind.OBJECT:
                self.wrong(operator.value.at, operator.value.kind.value, "a map from keys to values would be right")
            for key in operator.value.members:
                self.condition_values(key)

    def condition_values(self, key: Member) -> None:
        if not key.key:
            self.wrong(key.at, "an empty condition key", "the name of a key would be right")
        nodes = key.value.one_or_many()
        if not nodes:
            self.wrong(key.value.at, "an empty list of values", "at least one value would be right")
        for value in nodes:
            if value.kind not in (Kind.STRING, Kind.NUMBER, Kind.BOOLEAN):
                self.wrong(value.at, value.kind.value, "condition values are strings, numbers or booleans")


_RIGHT_PRINCIPAL = {
    "AWS": "`*`, an account, or the ARN of a user, role or session would be right",
    "Service": "the name of a service such as `ec2.amazonaws.com` would be right",
    "Federated": "the ARN of a provider, or the name of one that is built in, would be right",
    "CanonicalUser": "a canonical user id would be right",
}


def is_resource(text: str) -> bool:
    """Whether `text` can stand in `Resource`: `*`, or an ARN whose service has no wildcard (rule 1.9).

    A pattern may end early in a run, as in `arn:aws:sqs:*`, which then takes the rest of the ARN.
    """
    if text == "*":
        return True
    fields = text.split(":", 5)
    if len(fields) < 4 or fields[0] != "arn" or not fields[1] or not fields[2]:
        return False
    if "*" in fields[2] or "?" in fields[2]:
        return False
    return bool(fields[5]) if len(fields) == 6 else text.endswith("*")


def is_trust_action(text: str) -> bool:
    """Whether this action of a trust policy assumes a role or goes with it; a pattern of STS's, when it takes one."""
    service, _, name = text.partition(":")
    pattern = glob(fold(name))
    return fold(service) == "sts" and any(matches(pattern, fold(one)) for one in TRUST_OF)


def is_principal(key: str, text: str) -> bool:
    """Whether `text` can stand below `key` in a principal map (rules 2.1 to 2.5)."""
    if key == "AWS":
        return text == "*" or any(one.fullmatch(text) for one in (_ACCOUNT, _PRINCIPAL_ARN, _UNIQUE_ID))
    if key == "Service":
        return _SERVICE.fullmatch(text) is not None
    return bool(text) and "*" not in text and "?" not in text


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _article(kind: PolicyKind) -> str:
    return {"scp": "an SCP", "rcp": "an RCP"}.get(
        kind.value, f"{'an' if kind.value[0] in 'aeio' else 'a'} {kind.value}"
    )


def _right_operator(seen: str) -> str:
    near = [name for name in OPERATORS if name.lower() == seen.rpartition(":")[2].lower().removesuffix("ifexists")]
    if near and near[0] == "Null":
        return "`Null` alone, without `IfExists` or a set operator, would be right"
    return f"`{near[0]}` would be right" if near else "an operator such as `StringEquals` would be right"
