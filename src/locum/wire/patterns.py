r"""The patterns of AWS's models, compiled to mean here what they mean there.

Law: a pattern is matched whole (rule Z3: never with a `$` that forgives a final newline), `\w` and `\d` are ASCII
(rule P12), `\p{L}`, `\p{N}` and `\p{Z}` are Unicode's letters, numbers and separators. The models' patterns are Java's:
`\u10000` is U+1000 and a `0` in both languages, and is left so. An idiom that this file does not know raises ValueError
when it is compiled, never later. A test measures that every pattern of the models takes linear time.
"""

from __future__ import annotations

import functools
import re

# Unicode's separators (general category Z); letters and numbers are what Python's Unicode `\w` holds besides `_`.
_SEPARATORS = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LETTERS_SEPARATORS_NUMBERS = r"\p{L}\p{Z}\p{N}"
_KNOWN_ESCAPES = frozenset("wduDWsS.,-/\\:+@*?()[]{}|^$")
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\]", re.ASCII | re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.ASCII | re.DOTALL)


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, for `fullmatch` alone. Raises ValueError for an idiom that is not known here."""
    text = _CLASS.sub(lambda found: _class(found.group()), pattern)
    for escape in _ESCAPE.findall(text):
        if escape not in _KNOWN_ESCAPES:
            raise ValueError(f"`\\{escape}` in the pattern `{pattern}` is not known here")
    return re.compile(text, re.ASCII)


def _class(text: str) -> str:
    """One character class in Python's words. With Unicode's categories it gets Unicode's `\\w`, and no other escape."""
    inner = text[1:-1]
    if "[" in inner.replace("\\[", "") or "&&" in inner:
        raise ValueError(f"`{text}` nests or intersects classes, which is not known here")
    if _LETTERS_SEPARATORS_NUMBERS not in inner:
        return text
    rest = inner.replace(_LETTERS_SEPARATORS_NUMBERS, "", 1)
    # The categories and `\w` differ by the underscore, which every such class of the models names itself.
    if "_" not in rest or any(escape in rest for escape in (r"\w", r"\d", r"\p")):
        raise ValueError(f"`{text}` mixes Unicode's categories with other classes, which is not known here")
    return rf"(?u:[\w{_SEPARATORS}{rest}])"
