"""A scenario on which the two evaluators differ, made as small as it gets.

Law: greedy and deterministic. One part after another is left out or replaced by something simpler, for as long as the
given test still holds of what remains; a step that breaks the format does not hold. It knows JSON, and of the case
format only which simpler value may stand for which.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

Written = dict[str, Any]
SIMPLER: dict[str, tuple[Any, ...]] = {
    "Action": ("*",),
    "Resource": ("*",),
    "Principal": ("*",),
    "Version": ("2012-10-17",),
    "principal": ("user/alice", "root", "session/app/i-1"),
}


def shrunk(scenario: Written, still: Callable[[Written], bool]) -> Written:
    """The smallest scenario found of which `still` holds; it must hold of the given one."""
    smaller: Written | None = scenario
    while smaller is not None:
        scenario = smaller
        smaller = next((one for one in smaller_ones(scenario) if size(one) < size(scenario) and still(one)), None)
    return scenario


def size(value: Any) -> tuple[int, str]:
    text = json.dumps(value, sort_keys=True)
    return len(text), text


def smaller_ones(value: Any) -> Iterator[Any]:
    """Every value one step simpler: a member left out, a list of one unwrapped, a member simpler in itself."""
    if isinstance(value, dict):
        for key in value:
            yield {other: member for other, member in value.items() if other != key}
        if "is" in value:
            yield value["is"]
        for key, member in value.items():
            for simple in SIMPLER.get(key, ()):
                yield {**value, key: simple}
            for one in smaller_ones(member):
                yield {**value, key: one}
    elif isinstance(value, list):
        for at in range(len(value)):
            yield value[:at] + value[at + 1 :]
        if len(value) == 1:
            yield value[0]
        for at, member in enumerate(value):
            for one in smaller_ones(member):
                yield [*value[:at], one, *value[at + 1 :]]
