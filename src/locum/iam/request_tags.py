"""The condition keys of tags that a request passes: aws:RequestTag/K and aws:TagKeys.

Law: pure. For a key sent twice the last value counts (wire 3); the call fails later. Source: IAM User Guide, "AWS
global condition context keys".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Keys = dict[str, str | tuple[str, ...]]


def request_tags(inputs: Mapping[str, Any]) -> Keys:
    """Those of a call's `Tags` and `TagKeys`; none where it has neither."""
    tags = [(tag["Key"], tag["Value"]) for tag in inputs.get("Tags") or ()]
    return passed(tags, inputs.get("TagKeys") or ())


def passed(tags: Iterable[tuple[str, str]], named: Iterable[str] = ()) -> Keys:
    """Those of these tags, and of keys that are named without a value."""
    pairs = tuple(tags)
    keys: Keys = {f"aws:RequestTag/{key}": value for key, value in pairs}
    if names := tuple(dict.fromkeys([*(key for key, _ in pairs), *named])):
        keys["aws:TagKeys"] = names
    return keys
