"""The plain evaluator's values: wildcards, policy variables, condition operators.

Law: text against text. It knows patterns, the request's context and the condition operators (semantics 3, 4 and 5), and
nothing of callers, layers or effects. Like `tests.plain` it shares no code with `locum.policy`. What cannot be read as
the kind of value that an operator compares equals nothing; a negated operator is the contrary of its positive one.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

Context = dict[str, str | list[str]]


def listed(value: Any) -> list[Any]:
    """Semantics 1.1: a single value means a list of one."""
    return value if isinstance(value, list) else [value]


# ------------------------------------------------------------------ wildcards (semantics 3)

# A pattern is a list of marks: a character, or a wildcard that may or may not run over colons.
ONE, ONE_IN_FIELD, RUN, RUN_IN_FIELD = "one", "one in field", "run", "run in field"


def matches(pattern: list[str], text: str) -> bool:
    """Dynamic programming: the set of places in the text that each mark of the pattern can lead to."""
    places = {0}
    for mark in pattern:
        if mark in (RUN, RUN_IN_FIELD):
            for place in range(min(places, default=len(text)), len(text)):
                if place in places and (mark == RUN or text[place] != ":"):
                    places.add(place + 1)
        elif mark in (ONE, ONE_IN_FIELD):
            places = {p + 1 for p in places if p < len(text) and (mark == ONE or text[p] != ":")}
        else:
            places = {p + 1 for p in places if p < len(text) and text[p] == mark}
    return len(text) in places


def wildcards(text: str) -> list[str]:
    """Semantics 3: `*` is any run, `?` one character, nothing else is special."""
    return [{"*": RUN, "?": ONE}.get(character, character) for character in text]


def resource_matches(text: str, resource: str, context: Context, variables: bool) -> bool:
    """Semantics 3: in the first five fields `?` is no colon, and `*` only runs over colons as a field's last mark."""
    if resource == "*" or text == "*":  # only the literal `*` covers actions without resource types
        return text == "*"
    *first_five, sixth = text.split(":", 5) if text.count(":") >= 5 else (*text.split(":"), "")
    pattern: list[str] = []
    for number, field in enumerate(first_five):
        inside = [{"*": RUN_IN_FIELD, "?": ONE_IN_FIELD}.get(character, character) for character in field]
        if inside and inside[-1] == RUN_IN_FIELD:
            inside[-1] = RUN
        pattern += [":", *inside] if number else inside
    if text.count(":") < 5:
        return matches(pattern, resource)
    rest = substituted(sixth, context) if variables else wildcards(sixth)
    return rest is not None and matches([*pattern, ":", *rest], resource)


# ------------------------------------------------------------------ variables (semantics 4)

VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^{}',]+?)\s*(?:,\s*'([^']*)'\s*)?)\}", re.ASCII)


def substituted(text: str, context: Context) -> list[str] | None:
    """Semantics 4: the pattern with its variables replaced by literal text, or None when one has no value."""
    pattern: list[str] = []
    end = 0
    for found in VARIABLE.finditer(text):
        special, key, default = found.groups()
        value = special or variable_value(key, default, context)
        if value is None:
            return None
        pattern += [*wildcards(text[end : found.start()]), *value]
        end = found.end()
    return pattern + wildcards(text[end:])


def variable_value(key: str, default: str | None, context: Context) -> str | None:
    """Semantics 4: the default stands in for an absent key; a multivalued key cannot be a variable."""
    value = present(context, key)
    if value is None:
        return default
    return value if isinstance(value, str) else None


def present(context: Context, key: str) -> str | list[str] | None:
    """Semantics 5.1 and 5.3: key names ignore case; an empty set counts as absent."""
    for name, value in context.items():
        if folded(name) == folded(key) and value != []:
            return value
    return None


LOWER = {code: code + 32 for code in [*range(0x41, 0x5B), *range(0xC0, 0xDF)] if code != 0xD7}


def folded(text: str) -> str:
    """Ignoring case reaches the letters that a policy may hold, whose case forms lie 32 apart: A to Z and, in Latin-1,
    U+00C0 to U+00DE without the multiplication sign (rule P12: the Kelvin sign is no `k`)."""
    return text.translate(LOWER)


# ------------------------------------------------------------------ conditions (semantics 5)


def all_conditions_hold(context: Context, condition: dict[str, Any], variables: bool) -> bool:
    """Semantics 5.1: operators AND, keys AND."""
    return all(
        holds(operator, present(context, key), [text_of(value) for value in listed(values)], context, variables)
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def text_of(value: Any) -> str:
    """Semantics 1.1: numbers and booleans mean their text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def holds(operator: str, value: str | list[str] | None, wanted: list[str], context: Context, variables: bool) -> bool:
    """Semantics 5.3 for absent keys, 5.4 for sets; a negated operator must differ from all values (5.1)."""
    if operator == "Null":
        return any(boolean(text) == (value is None) for text in wanted)
    for_all, for_any = operator.startswith("ForAllValues:"), operator.startswith("ForAnyValue:")
    if_exists = operator.endswith("IfExists")
    name = operator.split(":")[-1].removesuffix("IfExists")
    negated = "Not" in name
    if value is None:
        return if_exists or for_all or (negated and not for_any)
    compare = COMPARISONS[name.replace("Not", "")]

    def satisfied(one: str) -> bool:
        return negated != any(compare(one, text, context, variables) for text in wanted)

    every = for_all or (negated and not for_any)
    return all(map(satisfied, listed(value))) if every else any(map(satisfied, listed(value)))


def pattern_of(text: str, context: Context, variables: bool) -> list[str] | None:
    return substituted(text, context) if variables else wildcards(text)


def string_equals(one: str, text: str, context: Context, variables: bool) -> bool:
    """Semantics 5.2: exact; a wildcard character is an ordinary one."""
    pattern = pattern_of(text, context, variables)
    return pattern is not None and one == "".join({RUN: "*", ONE: "?"}.get(mark, mark) for mark in pattern)


def string_equals_ignore_case(one: str, text: str, context: Context, variables: bool) -> bool:
    pattern = pattern_of(text, context, variables)
    plain = [{RUN: "*", ONE: "?"}.get(mark, mark) for mark in pattern or []]
    return pattern is not None and folded(one) == folded("".join(plain))


def string_like(one: str, text: str, context: Context, variables: bool) -> bool:
    pattern = pattern_of(text, context, variables)
    return pattern is not None and matches(pattern, one)


def arn_like(one: str, text: str, context: Context, variables: bool) -> bool:
    """Semantics 5.2: six fields each by itself; only the sixth holds colons of its own."""
    pattern = pattern_of(text, context, variables)
    fields: list[list[str]] = [[]]
    for mark in pattern or []:
        if mark == ":" and len(fields) < 6:
            fields.append([])
        else:
            fields[-1].append(mark)
    parts = one.split(":", 5)
    return len(fields) == len(parts) == 6 and all(map(matches, fields, parts))


def number(text: str) -> Decimal | None:
    """Rule P5: a decimal number in ASCII digits; no NaN, no infinity."""
    good = re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?", text, re.ASCII)
    return Decimal(text) if good else None


DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d):(\d\d))?)?)?)?", re.ASCII
)


def instant(text: str) -> Fraction | None:
    """Semantics 5.2: a W3C date and time (no zone is UTC) or seconds since 1970, as seconds since the year 1."""
    found = DATE.fullmatch(text)
    if not found:
        seconds = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII)
        return Fraction(text) + date(1970, 1, 1).toordinal() * 86400 if seconds else None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    hour, minute, second, ahead, ahead_minutes = (int(found[group] or 0) for group in (4, 5, 6, 9, 10))
    if hour > 23 or minute > 59 or second > 59 or ahead > 23 or ahead_minutes > 59:
        return None
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    offset = (ahead * 60 + ahead_minutes) * (-1 if found[8] == "-" else 1)
    return Fraction(days * 86400 + hour * 3600 + (minute - offset) * 60 + second) + Fraction(f"0.{found[7] or 0}")


def bytes_of(text: str) -> bytes | None:
    """Semantics 5.2: Base64, strictly."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def boolean(text: str) -> bool | None:
    """Semantics 5.2: `true` or `false`, in letters of either case."""
    return {"true": True, "false": False}.get(folded(text))


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Rule P7: an IPv4 address in IPv6 clothes is that IPv4 address; scopes are refused."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id else found.ipv4_mapped or found
    return found


def in_range(one: str, text: str, context: Context, variables: bool) -> bool:
    """Semantics 5.2: CIDR of either family; no prefix is one address; host bits in the policy are ignored."""
    caller, (start, slash, prefix) = address(one), text.partition("/")
    low = address(start)
    if caller is None or low is None or caller.version != low.version:
        return False
    mapped = 96 if ":" in start and low.version == 4 else 0
    if slash and not re.fullmatch(r"[0-9]{1,3}", prefix, re.ASCII):
        return False
    bits = int(prefix) - mapped if slash else low.max_prefixlen
    if not 0 <= bits <= low.max_prefixlen:
        return False
    return int(caller) >> (low.max_prefixlen - bits) == int(low) >> (low.max_prefixlen - bits)


def ordered(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    """A comparison of two values that must both be readable; variables have no meaning here (semantics 4)."""

    def compare(one: str, text: str, context: Context, variables: bool) -> bool:
        left, right = read(one), read(text)
        return left is not None and right is not None and test(left, right)

    return compare


COMPARISONS: dict[str, Callable[[str, str, dict[str, Any], bool], bool]] = {
    "StringEquals": string_equals,
    "StringEqualsIgnoreCase": string_equals_ignore_case,
    "StringLike": string_like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "IpAddress": in_range,
    "Bool": ordered(boolean, lambda a, b: a == b),
    "BinaryEquals": ordered(bytes_of, lambda a, b: a == b),
}
for family, reading in (("Numeric", number), ("Date", instant)):
    COMPARISONS[f"{family}Equals"] = ordered(reading, lambda a, b: a == b)
    COMPARISONS[f"{family}LessThan"] = ordered(reading, lambda a, b: a < b)
    COMPARISONS[f"{family}LessThanEquals"] = ordered(reading, lambda a, b: a <= b)
    COMPARISONS[f"{family}GreaterThan"] = ordered(reading, lambda a, b: a > b)
    COMPARISONS[f"{family}GreaterThanEquals"] = ordered(reading, lambda a, b: a >= b)
