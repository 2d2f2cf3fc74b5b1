"""The constraints of AWS's models, and the sentences in which AWS says that one is not met.

Law: typed inputs in, sentences out; whether they become a refusal is for the caller to say. Every fault is named, in
the order of the model's members, a length before a pattern. STS repeats the value, IAM leaves it out, `null` too, and a
sensitive one is never repeated. Lengths count code points. Elements of a list that are texts or numbers are complained
of together, at the list; members of structures by their own path, `tags.1.member.key`. For names, paths, key ids and
documents IAM has sentences of its own, one at a time and before all others.
Sources: data/error-messages.json; what AWS answered to TagUser, UntagUser and lists with a PathPrefix, and to names,
paths and documents, as two projects published it in 2026; many users' reports of `The specified value for roleName`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from locum.aws.shapes import OperationShape, Shape
from locum.wire.patterns import compiled

Check = Callable[[Any, str, list[str]], None]

# Services whose sentences leave the value out [R].
_SILENT = frozenset({"iam"})

_NULL = "Member must not be null"

# AWS names the values of an enum in an order of its own, seen once [P: GetAccountAuthorizationDetails]; others are
# named in the model's order (unverified).
_ENUM_ORDER: Mapping[frozenset[str], tuple[str, ...]] = {
    frozenset(order): order for order in (("LocalManagedPolicy", "User", "AWSManagedPolicy", "Role", "Group"),)
}


# What IAM says after `The specified value for {member} is invalid.` when a text does not meet its pattern: by the name
# of the member, else by the pattern. Of all other patterns it says the general sentence, as of a role's description.
_NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
_PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
_PREFIX = "It must begin with the / character and contain only alphanumeric characters and/or / characters."
_KEY_ID = "It must contain only alphanumeric characters."
_DOCUMENT = "It must contain only printable ASCII characters."
_OF_MEMBER: Mapping[str, str] = {"Path": _PATH, "NewPath": _PATH, "PathPrefix": _PREFIX, "AccessKeyId": _KEY_ID}
_OF_PATTERN: Mapping[str, str] = {
    r"[\w+=,.@-]+": _NAME,
    r"[\u0009\u000A\u000D\u0020-\u00FF]+": _DOCUMENT,
}


def fault(operation: OperationShape, inputs: Mapping[str, Any]) -> str | None:
    """What AWS says is wrong with the inputs of an operation: the message of a ValidationError, or None."""
    found = faults(operation, inputs)
    if not found:
        return None
    return next(_own(operation, inputs), None) or sentence(found)


def faults(operation: OperationShape, inputs: Mapping[str, Any]) -> list[str]:
    """What is wrong with the inputs of an operation, one sentence each; empty when all constraints are met."""
    found: list[str] = []
    _root(operation)(inputs, "", found)
    return found


def sentence(found: list[str]) -> str:
    """The message of a ValidationError that reports these faults."""
    count = len(found)
    return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(found)}"


def _own(operation: OperationShape, inputs: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of IAM's own about these inputs, in the order of the model's members."""
    if operation.service not in _SILENT or operation.input is None:
        return
    for name, ref in operation.input.members.items():
        pattern, value = operation.shapes[ref.shape].pattern, inputs.get(name)
        said = None if pattern is None else _OF_MEMBER.get(name) or _OF_PATTERN.get(pattern)
        if said is not None and pattern is not None and value is not None and not compiled(pattern).fullmatch(value):
            yield f"The specified value for {_camel(name)} is invalid. {said}"


@functools.cache
def _root(operation: OperationShape) -> Check:
    if operation.input is None:
        return _nothing
    return _structure(operation.input, operation.shapes, echo=operation.service not in _SILENT)


def _nothing(value: Any, path: str, found: list[str]) -> None:
    """The check of a shape without constraints."""


def _check(shape: Shape, shapes: Mapping[str, Shape], *, echo: bool) -> Check:
    if shape.type == "structure":
        return _structure(shape, shapes, echo=echo)
    if shape.type == "list":
        return _list(shape, shapes, echo=echo)
    if shape.type == "map":
        return _map(shape, shapes, echo=echo)
    return _scalar(shape, echo=echo and not shape.sensitive)


def _structure(shape: Shape, shapes: Mapping[str, Shape], *, echo: bool) -> Check:
    rows = tuple(
        (
            name,
            name in shape.required,
            _camel(name),
            "." if shapes[ref.shape].type == "structure" else "",
            _check(shapes[ref.shape], shapes, echo=echo),
        )
        for name, ref in shape.members.items()
    )

    null = "null" if echo else ""

    def check(value: Any, path: str, found: list[str]) -> None:
        if shape.union and len(value) != 1:
            found.append(_fault("", path.rstrip("."), "Member must set exactly one of its members"))  # our words
            return
        for name, required, camel, dot, member in rows:
            held = value.get(name)
            if held is not None:
                if member is not _nothing:
                    member(held, path + camel + dot, found)
            elif required:
                found.append(_fault(null, path + camel, _NULL))

    return check


def _list(shape: Shape, shapes: Mapping[str, Shape], *, echo: bool) -> Check:
    if shape.member is None:
        raise ValueError("a list without a member shape")
    element = shapes[shape.member.shape]
    nested = element.type in ("structure", "list", "map")
    null = "null" if echo else ""
    inner = _check(element, shapes, echo=echo)
    told = _told(element)
    together = f"Member must satisfy constraint: [{', '.join(told)}]"
    sized = _bounds(shape, "length")
    repeat = echo and not nested and not element.sensitive

    def check(value: Any, path: str, found: list[str]) -> None:
        shown = f"'[{', '.join(map(str, value))}]'" if repeat else ""
        outside = [text for text, holds in sized if not holds(len(value))]
        found.extend(_fault(shown, path, text) for text in outside)
        broken: list[str] = []
        for index, one in enumerate(value, 1):
            if nested and one is not None:
                inner(one, f"{path}.{index}.member.", found)
            elif one is None and _NULL not in told:
                found.append(_fault(null, f"{path}.{index}.member", _NULL))
            elif one is None:
                broken.append(_NULL)
            elif not broken:
                inner(one, path, broken)
        if broken:
            found.append(_fault(shown, path, together))

    return check


def _map(shape: Shape, shapes: Mapping[str, Shape], *, echo: bool) -> Check:
    if shape.key is None or shape.value is None:
        raise ValueError("a map without a key or value shape")
    key = _check(shapes[shape.key.shape], shapes, echo=echo)
    element = shapes[shape.value.shape]
    inner = _check(element, shapes, echo=echo)
    dot = "." if element.type == "structure" else ""
    sized = _bounds(shape, "length")

    def check(value: Any, path: str, found: list[str]) -> None:
        outside = [text for text, holds in sized if not holds(len(value))]
        if outside:
            found.extend(_fault("", path, text) for text in outside)
            return
        for name, one in value.items():
            key(name, path, found)
            inner(one, f"{path}.{name}.member{dot}", found)

    return check


def _scalar(shape: Shape, *, echo: bool) -> Check:
    tests = tuple(_tests(shape))
    if not tests:
        return _nothing

    if len(tests) == 3 and shape.min is not None and shape.max is not None and shape.pattern is not None:
        least, most, matches = shape.min, shape.max, compiled(shape.pattern).fullmatch
    else:
        least, most, matches = 1, 0, None  # nothing lies between: every test is asked

    def check(value: Any, path: str, found: list[str]) -> None:
        if matches is not None and least <= len(value) <= most and matches(value):
            return
        for text, holds in tests:
            if not holds(value):
                found.append(_fault(f"'{value}'" if echo else "", path, text))

    return check


def _tests(shape: Shape) -> Iterable[tuple[str, Callable[[Any], object]]]:
    """The constraints of one text or number: AWS's sentence and whether a value meets it."""
    if shape.type == "string":
        for text, holds in _bounds(shape, "length"):
            yield text, _of_length(holds)
        if shape.pattern is not None:
            yield f"Member must satisfy regular expression pattern: {shape.pattern}", compiled(shape.pattern).fullmatch
        if shape.enum:
            yield "Member must satisfy enum value set", frozenset(shape.enum).__contains__
    elif shape.type in ("integer", "long"):
        yield from _bounds(shape, "value")


def _of_length(holds: Callable[[int], bool]) -> Callable[[Any], bool]:
    return lambda value: holds(len(value))


def _bounds(shape: Shape, what: str) -> list[tuple[str, Callable[[int], bool]]]:
    """The lower and upper bound of a shape, of a length or a value."""
    found: list[tuple[str, Callable[[int], bool]]] = []
    least, most = shape.min, shape.max
    if least is not None:
        found.append((f"Member must have {what} greater than or equal to {least:.0f}", least.__le__))
    if most is not None:
        found.append((f"Member must have {what} less than or equal to {most:.0f}", most.__ge__))
    return found


def _told(element: Shape) -> list[str]:
    """The constraints of a list's elements, as AWS lists them: upper bound first, the values of an enum with them."""
    bounds = [text for text, _ in _bounds(element, "length" if element.type == "string" else "value")]
    rest = [text for text, _ in _tests(element)][len(bounds) :]
    if element.enum:
        rest[-1] += f": [{', '.join(_ENUM_ORDER.get(frozenset(element.enum), element.enum))}]"
    # Seen where the elements have a pattern, and not where they have an enum.
    return [*reversed(bounds), *rest, *([_NULL] if element.pattern is not None else ())]


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _fault(shown: str, path: str, text: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: {text}".replace("Value  at", "Value at", 1)
