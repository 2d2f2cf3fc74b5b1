"""A build with a fault planted: a copy of one of Locum's modules in which a text reads otherwise.

Law: for controls alone. The module itself stays as it is; the copy is a second one that nobody imports. A text that
does not stand in the source exactly once is an error, so that no control outlives the code that it is about.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def planted(name: str, *faults: tuple[str, str], **given: object) -> ModuleType:
    """A copy of the module `name`: each `(old, new)` of `faults` replaced in its source, and `given` in place of what
    it imports or defines under these names."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no module `{name}`")
    source = Path(spec.origin).read_text(encoding="utf-8")
    for old, new in faults:
        if source.count(old) != 1:
            raise ValueError(f"`{old}` stands {source.count(old)} times in `{name}`; a fault is planted in one place")
        source = source.replace(old, new)
    copy = ModuleType(name)
    copy.__file__ = spec.origin
    exec(compile(source, spec.origin, "exec"), copy.__dict__)  # noqa: S102  our own source
    for word, value in given.items():
        if word not in copy.__dict__:
            raise ValueError(f"`{name}` has no `{word}`")
        copy.__dict__[word] = value
    return copy
