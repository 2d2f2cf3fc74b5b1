"""What a policy test may ask about: an action, a resource, an account, an instant that can exist.

Law: what no request could carry is refused, since it would be denied for the wrong reason and a test would pass on it.
What only looks odd is said and decided all the same: AWS adds services and actions every week, and a value of the wrong
type is a thing worth testing. Nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from locum.aws.actions import actions, services
from locum.aws.arn import Arn, ArnError
from locum.policy.context import Value
from locum.policy.instants import address, instant, number, truth
from locum.policy.match import fold
from locum.policy.shorthand import CaseError, closest

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_*?-]+|\*", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_FIELD = re.compile(r"[a-z0-9-]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)

# Global keys whose value has a type: what AWS sends there, and how it is read.
_TYPES: Mapping[str, tuple[str, Callable[[str], object]]] = MappingProxyType(
    {
        "aws:currenttime": ("an instant such as `2026-01-15T12:00:00Z`", instant),
        "aws:epochtime": ("an instant such as `1768478400`", instant),
        "aws:tokenissuetime": ("an instant such as `2026-01-15T12:00:00Z`", instant),
        "aws:multifactorauthage": ("a number of seconds", number),
        "aws:multifactorauthpresent": ("`true` or `false`", truth),
        "aws:principalisawsservice": ("`true` or `false`", truth),
        "aws:securetransport": ("`true` or `false`", truth),
        "aws:viaawsservice": ("`true` or `false`", truth),
        "aws:sourceip": ("an address such as `203.0.113.1`", address),
        "aws:vpcsourceip": ("an address such as `10.1.2.3`", address),
    }
)


def require_action(text: str) -> str:
    """The action, if it is one: `service:Name` without wildcards. Raises CaseError; not whether AWS has it."""
    if not _ACTION.fullmatch(text):
        seen = f"action `{text}` is a pattern" if _PATTERN.fullmatch(text) else f"action `{text}`"
        raise CaseError(f"{seen}; one action such as `s3:GetObject` would be right")
    return text


def require_resource(text: str) -> str:
    """The resource, if it is `*` or an ARN. Raises CaseError; not whether the action has such resources."""
    if text == "*":
        return text
    try:
        arn = Arn.parse(text)
    except ArnError:
        raise CaseError(f"resource `{text}`; `*` or an ARN such as `arn:aws:s3:::bucket/key` would be right") from None
    for name, field in (("partition", arn.partition), ("service", arn.service)):
        if not _FIELD.fullmatch(field):
            raise CaseError(f"resource `{text}` has the {name} `{field}`; lower-case letters would be right")
    if _DIGITS.fullmatch(arn.account):
        require_account(arn.account, f"resource `{text}` has the account")
    return text


def require_account(text: str, what: str) -> str:
    """The account, if it has twelve digits; `what` says where it stood. Raises CaseError."""
    if not _ACCOUNT.fullmatch(text):
        raise CaseError(f"{what} `{text}`; twelve digits would be right")
    return text


def require_instant(text: str) -> int:
    """The instant that the text names, in nanoseconds since 1970. Raises CaseError."""
    found = instant(text)
    if found is None:
        raise CaseError(f"`now` `{text}`; an instant such as `2026-01-15T12:00:00Z` would be right")
    return found


def oddities(asked: tuple[str, ...], keys: Mapping[str, Value]) -> Iterator[str]:
    """What is odd about the actions and the condition keys of a test, one sentence each; `keys` are folded."""
    for action in asked:
        yield from _odd_action(action)
    for key, value in keys.items():
        if ":" not in key:
            yield f"condition key `{key}` has no prefix; a key such as `aws:SourceIp` would be right"
        right, read = _TYPES.get(key, ("", None))
        for one in (value,) if isinstance(value, str) else value:
            if read is not None and read(one) is None:
                yield f"condition key `{key}` is `{one}`; {right} would be right"


def _odd_action(action: str) -> Iterator[str]:
    service, _, name = action.partition(":")
    known = services()
    if fold(service) not in known:
        yield f"service `{service}` of action `{action}` is unknown{_meant(closest(fold(service), known))}"
        return
    names = {one: facts.name for one, facts in actions(fold(service)).items()}
    if name.lower() not in names:
        found = closest(name.lower(), names)
        yield f"action `{action}` is unknown{_meant(f'{service}:{names[found]}' if found else None)}"


def _meant(found: str | None) -> str:
    return f"; did you mean `{found}`?" if found else "; AWS may have added it since"
