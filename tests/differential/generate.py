"""Random policies and requests, in the written form of the policy cases.

Law: a number decides everything (`written(seed)` gives the same group of scenarios for ever); nothing is decided here.
Documents are such as would be accepted on writing (semantics 1.1): the two evaluators are compared on what they decide,
not on what they refuse. Statements are bent towards the request, so that allows and denies meet it about equally often.
One group is one set of policies with several requests.
"""

from fnmatch import fnmatchcase
from random import Random
from typing import Any

from tests.differential.vocabulary import (
    ACCOUNTS,
    BUCKETS,
    CALLERS,
    FAMILIES,
    FIELD_PATTERNS,
    HOME,
    PROVIDED,
    SOUP_PATTERNS,
    STRANGERS,
    SUBJECTS,
    Subject,
)

REQUESTS = 8
TRUSTED = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "TagSession",
    "SetSourceIdentity",
    "SetContext",
)
Written = dict[str, Any]


def written(seed: int, requests: int = REQUESTS) -> list[Written]:
    """The scenarios of one group: the same caller and policies, several requests."""
    random = Random(seed)
    weight, caller, names = random.choices(CALLERS, [caller[0] for caller in CALLERS])[0]
    provided = isinstance(caller, str) and caller.startswith(("oidc:", "saml:"))
    subject = PROVIDED if provided else random.choices(SUBJECTS, [subject.weight for subject in SUBJECTS])[0]
    if caller == "root" and random.random() < 0.2:
        subject = BUCKETS
    scene = Scene(random, caller, names, subject)
    policies = scene.policies()
    return [
        {**scene.request(), **policies, "name": f"{seed}.{number}", "expect": "allowed"} for number in range(requests)
    ]


def takes_a_role(action: str) -> bool:
    """Whether a pattern is one of STS's and means an action that assumes a role or goes with it."""
    vendor, _, name = action.lower().partition(":")
    return vendor == "sts" and any(fnmatchcase(one.lower(), name) for one in TRUSTED)


class Scene:
    """One caller before one kind of resource, and the dice."""

    def __init__(self, random: Random, caller: Any, names: tuple[str, ...], subject: Subject) -> None:
        self.random, self.caller, self.subject = random, caller, subject
        self.name: str = caller["is"] if isinstance(caller, dict) else caller
        self.account = self.name.split(":")[0] if self.name[:12].isdigit() else HOME
        self.names = (*names, self.account, f"{self.account}:root")
        self.has_account = not self.name.startswith(("anonymous", "oidc:", "saml:", "ec2."))
        self.asked = (random.choice(subject.actions), random.choice(subject.resources))
        self.crowded = random.random() < 0.25  # each layer as often as not, so that every combination comes up
        self.keys: list[tuple[str, tuple[str, ...]]] = []  # those that the policies mention

    def chance(self, likelihood: float) -> bool:
        return self.random.random() < likelihood

    # -------------------------------------------------------------- requests

    def request(self) -> Written:
        random, (action, resource) = self.random, self.asked
        if self.chance(0.25):
            action = random.choice(self.subject.actions)
        if self.chance(0.3):
            resource = random.choice(self.subject.resources)
        scene: Written = {"principal": self.caller, "action": action, "resource": resource, "context": self.context()}
        if self.chance(0.06):
            scene["action"] = [action, random.choice(self.subject.actions)]
        if self.chance(0.06) and resource != "*":
            scene["resource"] = [resource, random.choice([r for r in self.subject.resources if r != "*"])]
        if self.chance(0.4 if self.crowded else 0.15):
            scene["resource_account"] = random.choice(ACCOUNTS)
        elif resource == "*" and self.has_account:
            scene["resource_account"] = self.account
        if self.chance(0.1):
            scene["now"] = random.choice(("2026-01-15T11:50:00Z", "2025-12-31T23:59:59Z", "2028-02-29T00:00:00Z"))
        if self.chance(0.02):
            scene["derive"] = False
        if self.chance(0.1):
            scene["resource_tags"] = {"team": random.choice(("red", "Red", ""))}
        return scene

    def context(self) -> Written:
        """The keys that the policies mention, each missing, single or multivalued; and now and then another one."""
        context: Written = {}
        for key, held in self.keys:
            roll = self.random.random()
            if any(name.lower() == key.lower() for name in context):
                continue
            if roll < 0.25:
                context |= {key: None} if roll < 0.1 else {}
            elif roll < 0.75 and key not in ("aws:TagKeys",):
                context[key] = self.random.choice(held)
            else:
                context[key] = [self.random.choice(held) for _ in range(self.random.choice((0, 1, 1, 2, 2, 3)))]
        if self.chance(0.2):
            context["aws:SecureTransport"] = self.chance(0.5)
        return context

    # -------------------------------------------------------------- layers

    def policies(self) -> Written:
        found: Written = {}

        def there(likelihood: float) -> bool:
            return self.chance(0.5 if self.crowded else likelihood)

        if self.has_account and not self.name.endswith("root"):
            found["identity"] = self.documents("identity", (0, 1, 1, 2, 3), 0.8)
            if there(0.25):
                found["boundary"] = self.documents("boundary", (0, 1, 1, 1, 2), 0.8)
            if ("session/" in self.name and there(0.3)) or ("federated/" in self.name and there(0.8)):
                found["session"] = self.documents("session", (0, 1, 1, 1, 2), 0.8)
        if self.has_account and there(0.2):
            found["scps"] = self.levels("scps")
        if there(0.2):
            found["rcps"] = self.levels("rcps")
        if there(0.12):
            found["endpoint"] = ["allow * on * to *"] if self.chance(0.5) else []
            found["endpoint"] += self.documents("endpoint", (1, 1, 2), 0.8)
        if self.subject.kind in ("trust", "key_policy") or (self.subject.kind and there(0.7)):
            found[self.subject.kind] = self.documents(self.subject.kind, (1, 1, 2, 3), 0.8)
        return found

    def levels(self, field: str) -> list[Any]:
        levels: list[Any] = []
        for _ in range(self.random.choice((1, 2, 2, 3))):
            level: list[Any] = ["FullAWSAccess"] if field == "scps" and self.chance(0.8) else []
            if self.chance(0.5):
                level += self.documents(field, (1, 1, 2), 0.5)
            levels.append(level)
        return levels

    def documents(self, field: str, counts: tuple[int, ...], allowing: float) -> list[Any]:
        return [self.document(field, allowing) for _ in range(self.random.choice(counts))]

    def document(self, field: str, allowing: float) -> Any:
        random = self.random
        if field in ("identity", "boundary", "session") and self.chance(0.06):
            return "AdministratorAccess"
        if self.chance(0.06) and field != "trust":
            return self.sentence(field, allowing)
        statements = [self.statement(field, allowing) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        version = random.choice(("2012-10-17",) * 8 + ("2008-10-17", None))
        document: Written = {} if version is None else {"Version": version}
        document["Statement"] = statements[0] if len(statements) == 1 and self.chance(0.3) else statements
        return document

    def sentence(self, field: str, allowing: float) -> Any:
        """A short form: a sentence, or a short statement where a comma forbids the sentence."""
        verb = "deny" if field == "rcps" or not self.chance(allowing) else "allow"
        action, resource = self.action(), self.resource()
        to = self.random.choice(("*", *self.names)) if field in ("resource_policy", "key_policy") else None
        if "," in resource or self.chance(0.3):
            return {verb: action, "on": resource, **({"to": to} if to else {}), "if": self.condition()}
        return f"{verb} {action} on {resource}" + (f" to {to}" if to else "")

    # -------------------------------------------------------------- statements

    def statement(self, field: str, allowing: float) -> Written:
        effect = "Deny" if field == "rcps" or not self.chance(allowing) else "Allow"
        made: Written = {"Effect": effect}
        if self.chance(0.05):
            made["Sid"] = f"S{self.random.randrange(10**6)}"
        if field == "rcps":
            made["Principal"] = "*"
        elif field in ("resource_policy", "key_policy", "endpoint", "trust"):
            if effect == "Deny" and field in ("resource_policy", "endpoint") and self.chance(0.4):
                made["NotPrincipal"] = self.principal(0.8)
            else:
                made["Principal"] = "*" if field == "endpoint" and self.chance(0.6) else self.principal(0.5)
        excepting = field != "rcps" and self.chance(0.12)
        made["NotAction" if excepting else "Action"] = self.one_or_more(
            self.trust_action if field == "trust" else self.action
        )
        if field != "trust":
            excepting = self.chance(0.12)
            made["NotResource" if excepting else "Resource"] = self.one_or_more(self.resource)
        if self.chance(0.45 if effect == "Allow" else 0.75):
            made["Condition"] = self.condition()
        return made

    def one_or_more(self, make: Any) -> Any:
        count = self.random.choice((1, 1, 1, 1, 2, 3))
        return make() if count == 1 and self.chance(0.7) else [make() for _ in range(count)]

    def principal(self, own: float) -> Any:
        """A Principal element: everyone, or a map with the caller's own names and some strangers."""
        random = self.random
        if self.chance(0.15):
            return random.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
        if self.names and self.chance(0.15):
            kind, text = principal_entry(random.choice(self.names))
            return {kind: text}
        names = [name for name in self.names if self.chance(own)] + random.sample(
            STRANGERS, random.choice((0, 0, 1, 2))
        )
        element: dict[str, Any] = {}
        for name in names or [random.choice(self.names)]:
            kind, text = principal_entry(name)
            element.setdefault(kind, []).append(text)
        return {kind: texts[0] if len(texts) == 1 and self.chance(0.5) else texts for kind, texts in element.items()}

    def action(self) -> str:
        """A pattern near the asked action: the vendor stays whole, the name is bent."""
        random = self.random
        action = self.asked[0] if self.chance(0.85) else random.choice(random.choice(SUBJECTS).actions)
        vendor, _, name = action.partition(":")
        at = random.randrange(len(name))
        match random.randrange(10):
            case 0 | 1:
                return "*"
            case 2 | 3:
                return f"{vendor}:*"
            case 4:
                return f"{vendor}:{name[:at]}*"
            case 5:
                return f"{vendor}:*{name[at:]}"
            case 6:
                return f"{vendor}:{name[:at]}?{name[at + 1 :]}"
            case 7:
                return f"{vendor}:{name[:at]}{random.choice('*?')}{name[at:]}"
            case 8:
                return action.swapcase()
            case _:
                return action

    def trust_action(self) -> str:
        """A pattern that may stand in a trust policy (rule 1.23)."""
        drawn = next((one for one in (self.action() for _ in range(4)) if takes_a_role(one)), None)
        return drawn or self.random.choice(("sts:*", "sts:AssumeRole"))

    def resource(self) -> str:
        """A pattern near the asked resource: fields and characters give way to wildcards or variables."""
        random = self.random
        resource = self.asked[1] if self.chance(0.8) else random.choice(random.choice(SUBJECTS).resources)
        if resource == "*" or self.chance(0.3):
            return "arn:aws:s3:::*" if self.chance(0.1) else "*"
        if resource.startswith("arn:aws:x:") and self.chance(0.9):
            return self.soup()
        fields = resource.split(":", 5)
        sixth = fields[5]
        at = random.randrange(len(sixth) + 1)
        match random.randrange(13):
            case 0:
                fields[random.choice((3, 4))] = "*"
            case 1:
                number = random.choice((3, 4))
                fields[number] = fields[number][:-1] + random.choice("*?") if fields[number] else "?"
            case 2:
                return ":".join(fields[: random.choice((3, 4, 5))]) + ":*"
            case 3:
                fields[5] = sixth[:at] + "*"
            case 4:
                fields[5] = sixth[:at] + "?" + sixth[at + 1 :]
            case 5:
                fields[5] = sixth[:at] + "*" + sixth[at:]
            case 6:
                fields[5] = sixth.swapcase()
            case 7 | 8:
                fields[5] = random.choice(VARIABLE_RESOURCES)
            case 9:
                fields[3] = "*-1"
            case 11 if resource.count(":") > 5:
                return ":".join(fields[:4]) + "?" + ":".join(fields[4:])
            case 10:
                fields[5] = sixth.split("/")[0] + "/*"
            case _:
                pass
        return ":".join(fields[:5]) + ":" + (fields[5] or "*")

    def soup(self) -> str:
        """A pattern of few letters and many wildcards, in all fields that may hold them."""
        random = self.random
        region, account = (random.choice((field, field, "*")) for field in random.sample(FIELD_PATTERNS, 2))
        rest = random.choice(SOUP_PATTERNS) or "*"
        if self.chance(0.1):
            rest = rest[:2] + "${aws:PrincipalTag/team}" + rest[2:]
        return f"arn:aws:x:{region}:{account}:{rest}" if self.chance(0.85) else f"arn:aws:x:{rest}*"

    # -------------------------------------------------------------- conditions

    def condition(self) -> Written:
        condition: Written = {}
        for _ in range(self.random.choice((1, 1, 1, 2))):
            operator, key, values = self.test()
            keys = condition.setdefault(operator, {})
            if key.lower() not in map(str.lower, keys):  # each key once, whatever its case (semantics 1.1)
                keys[key] = values
        return condition

    def test(self) -> tuple[str, str, Any]:
        """One operator in one of its forms on one key; rarely on a key of another family."""
        random = self.random
        family = random.choices(FAMILIES, [family.weight for family in FAMILIES])[0]
        keys = family if self.chance(0.95) else random.choice(FAMILIES)
        key = random.choice(keys.keys)
        if not any(name == key for name, _ in self.keys):
            self.keys.append((key, family.held))
        if self.chance(0.1):
            return "Null", self.cased(key), random.choice(("true", "false", True, False))
        operator = random.choice(family.operators)
        form = random.choice(
            ("", "", "", "IfExists", "ForAllValues:", "ForAnyValue:", "ForAllValues:IfExists", "ForAnyValue:IfExists")
        )
        prefix, _, suffix = form.rpartition(":") if ":" in form else ("", "", form)
        operator = f"{prefix}:{operator}{suffix}" if prefix else f"{operator}{suffix}"
        return operator, self.cased(key), self.one_or_more(lambda: random.choice(family.asked))

    def cased(self, key: str) -> str:
        return key.upper() if self.chance(0.05) else key


VARIABLE_RESOURCES = (
    "home/${aws:username}/*",
    "home/${AWS:UserName}/x",
    "home/${aws:PrincipalTag/team}/*",
    "home/${aws:PrincipalTag/team, 'red'}/x",
    "home/${aws:PrincipalTag/none, 'a*'}/x",
    "home/${aws:TagKeys}/x",
    "home/${*}/x",
    "home/${?}/x",
    "home/${$}/x",
    "home/${$}{aws:username}/x",
    "*/${aws:username}/x",
    "user/${aws:username}",
    "home/${aws:TagKeys, 'red'}/x",
    "home/${aws:PrincipalTag/site, 'red'}/*",
)


def principal_entry(name: str) -> tuple[str, str]:
    """A short name -> its place in a Principal map; the account's own short names are written out."""
    account, short = (name.split(":", 1)) if name[:12].isdigit() and ":" in name else (HOME, name)
    if short.endswith(".amazonaws.com") or short.startswith("service:"):
        return "Service", short.removeprefix("service:")
    if short.startswith("oidc:"):
        return "Federated", f"arn:aws:iam::{account}:oidc-provider/{short[5:]}"
    if short.startswith("saml:"):
        return "Federated", f"arn:aws:iam::{account}:saml-provider/{short[5:]}"
    if short.startswith("canonical:"):
        return "CanonicalUser", short[10:]
    if short.startswith("session/"):
        return "AWS", f"arn:aws:sts::{account}:assumed-role/{short[8:]}"
    if short.startswith("federated/"):
        return "AWS", f"arn:aws:sts::{account}:federated-user/{short[10:]}"
    if short.startswith(("user/", "role/", "root")):
        return "AWS", f"arn:aws:iam::{account}:{short}"
    return "AWS", short
