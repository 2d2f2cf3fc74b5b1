"""The traps of rule Z3, sought in every file of the package: lines that look right and let something through.

Each trap is a function from one source to its findings. A planted line that each must find is the control. Exceptions
are listed with their reason, and an exception that is no longer needed is a failure as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest
from tests.architecture.source import Source, sources

PATTERN_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}

NUMBERS = ("int", "float", "Decimal")

# Words of which the value is a secret, or as good as one, when it is compared.
SECRET_WORDS = re.compile(r"(^|_)(secret|signature|password|otp|totp|hmac|mac|digest)$", flags=re.ASCII)

# (file, trap) -> why it is no trap there
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("audit/verify.py", "compared_secrets"): "a signature that stands in the trail for all to read",
    ("aws/ids.py", "bare_numbers"): "the account of a key that is made here, never of one that arrived",
    ("iam/totp.py", "bare_numbers"): "cuts a fraction of seconds off",
    ("policy/document.py", "bare_numbers"): "four hexadecimal digits that the scanner's own pattern found",
    ("policy/instants.py", "bare_numbers"): "its callers match the whole text first; an address becomes its number",
    ("policy/match.py", "bare_numbers"): "reads a text of 0 and 1 that it wrote itself",
    ("policy/explain.py", "loose_json"): "reads a statement that it wrote itself",
    ("wire/json.py", "loose_json"): "refuses double keys, NaN and nesting without end itself",
    ("store/selects.py", "bare_numbers"): "a number that the database counted",
    ("wire/query.py", "bare_numbers"): "the hours and minutes of a zone that _TIME matched",
    ("store/writes.py", "bare_numbers"): "a number that the database counted",
}


def dotted(node: ast.AST) -> str:
    """The dotted name of a name or an attribute, the name of what is called for a call; otherwise empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""


def calls(source: Source, name: str) -> Iterator[ast.Call]:
    """Every call of that dotted name."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted(node.func) == name:
            yield node


def text_of_pattern(node: ast.AST) -> str | None:
    """The literal parts of a text pattern; None for bytes (ASCII anyway) and for what is no literal."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of_pattern(node.left), text_of_pattern(node.right)
        return None if left is None and right is None else (left or "x") + (right or "x")
    return None


def patterns(source: Source) -> Iterator[tuple[ast.Call, str | None]]:
    """Every use of `re` with a pattern: the call, and the pattern's text where it can be seen."""
    for name in PATTERN_CALLS:
        for call in calls(source, f"re.{name}"):
            if call.args:
                yield call, text_of_pattern(call.args[0])


def dollar_ends(source: Source) -> list[int]:
    """A `$` in a pattern: it also matches before a last newline. `fullmatch` says what is meant."""

    def ends(call: ast.Call, text: str) -> bool:
        outside_classes = re.sub(r"\\.|\[\^?\]?(\\.|[^\]\\])*\]", "", text, flags=re.ASCII | re.DOTALL)
        return "$" in outside_classes and "'MULTILINE'" not in ast.dump(call)

    return [call.lineno for call, text in patterns(source) if text and ends(call, text)]


def wide_classes(source: Source) -> list[int]:
    r"""`\w`, `\d`, `\s`, `\b` or a fold of case in a text pattern without re.ASCII: they take every script's."""

    def wide(call: ast.Call, text: str | None) -> bool:
        flags = ast.dump(call)
        if "'ASCII'" in flags or (text and "(?a" in text):
            return False
        folds = "'IGNORECASE'" in flags or "attr='I'" in flags
        is_octets = isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, bytes)
        return not is_octets and (folds or bool(re.search(r"\\[wdsbWDSB]", text or "", re.ASCII)))

    return [call.lineno for call, text in patterns(source) if wide(call, text)]


def loose_json(source: Source) -> list[int]:
    """`json.loads` outside the strict parser: it takes double keys, NaN and nesting without end."""
    if source.path == "policy/document.py":
        return []
    return [call.lineno for name in ("json.loads", "json.load", "json.JSONDecoder") for call in calls(source, name)]


def bare_numbers(source: Source) -> list[int]:
    """`int` and `float` of what may be text: they take `٩`, `1_0`, blanks, and float takes nan."""

    def numeric(node: ast.AST) -> bool:
        if isinstance(node, ast.Constant):
            return not isinstance(node.value, str | bytes)
        if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp):
            return True
        name = dotted(node).rpartition(".")[2] if isinstance(node, ast.Call) else ""
        return name in {"timestamp", "total_seconds", "len", "round", "bool", "any", "all"}

    matched = {id(call) for function in matching_functions(source) for call in ast.walk(function)}
    numbers = [call for name in NUMBERS for call in calls(source, name) if call.args and not numeric(call.args[0])]
    mapped = [call for call in calls(source, "map") if call.args and dotted(call.args[0]) in NUMBERS]
    return sorted(call.lineno for call in [*numbers, *mapped] if id(call) not in matched)


def matching_functions(source: Source) -> Iterator[ast.FunctionDef]:
    """The functions that match a whole text against a pattern themselves, before they read numbers from it."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef):
            names = {dotted(call.func).rpartition(".")[2] for call in ast.walk(node) if isinstance(call, ast.Call)}
            if names & {"fullmatch", "isascii"}:
                yield node


def loose_times(source: Source) -> list[int]:
    """`strptime`: it takes digits of every script and fields that are too short."""
    return [
        node.lineno for node in source.nodes if isinstance(node, ast.Call) and dotted(node.func).endswith(".strptime")
    ]


def compared_secrets(source: Source) -> list[int]:
    """`==` or `!=` on what is named like a secret: its time tells how much was right."""

    def secret(node: ast.AST) -> bool:
        return bool(SECRET_WORDS.search(dotted(node).rpartition(".")[2].lower()))

    def empty(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and not node.value

    found = []
    for node in source.nodes:
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        equals = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        if equals and any(secret(side) for side in sides) and not any(empty(side) for side in sides):
            found.append(node.lineno)
    return found


def unmarked_comparisons(source: Source) -> list[int]:
    """`compare_digest` at a line that is not marked `# SECRET`: the marks are how a reviewer finds them all."""
    lines = source.text.splitlines()
    return [
        node.lineno
        for node in source.nodes
        if isinstance(node, ast.Call)
        and dotted(node.func).endswith("compare_digest")
        and not any("# SECRET" in line for line in lines[max(0, node.lineno - 2) : node.end_lineno])
    ]


Trap = Callable[[Source], list[int]]
TRAPS: tuple[Trap, ...] = (
    dollar_ends,
    wide_classes,
    loose_json,
    bare_numbers,
    loose_times,
    compared_secrets,
    unmarked_comparisons,
)

PLANTED: list[tuple[Trap, str]] = [
    (dollar_ends, "re.match(r'[a-z]+$', name)"),
    (dollar_ends, "NAME = re.compile('^[a-z]+$', re.ASCII)"),
    (dollar_ends, "re.search(f'{word}$', name)"),
    (dollar_ends, "re.match(pattern + '$', name)"),
    (wide_classes, r"re.compile(r'\w+')"),
    (wide_classes, r"re.fullmatch(r'[\d]{6}', code)"),
    (wide_classes, r"re.compile('admin', re.IGNORECASE)"),
    (loose_json, "json.loads(body)"),
    (loose_json, "json.load(file)"),
    (bare_numbers, "int(text)"),
    (bare_numbers, "float(request.header['x'])"),
    (bare_numbers, "int(values['DurationSeconds'], 10)"),
    (bare_numbers, "hours, minutes = map(int, text.split(':'))"),
    (loose_times, "datetime.strptime(text, '%Y%m%d')"),
    (compared_secrets, "if key.secret == given: pass"),
    (compared_secrets, "ok = expected_signature != signature"),
    (compared_secrets, "if hmac.digest(key, text, 'sha256') == given: pass"),
    (unmarked_comparisons, "hmac.compare_digest(one, other)"),
]

HARMLESS: list[tuple[Trap, str]] = [
    (dollar_ends, r"re.compile(r'\$\{[a-z$]+\}', re.ASCII)"),
    (dollar_ends, r"re.compile('^Authorization:.*$', re.ASCII | re.MULTILINE)"),
    (wide_classes, r"re.compile(r'\d{6}', re.ASCII)"),
    (wide_classes, r"re.compile(rb'\d{6}')"),
    (bare_numbers, "int(now.timestamp())"),
    (bare_numbers, "def parse(text):\n    return int(text) if DIGITS.fullmatch(text) else None"),
    (compared_secrets, "if secret == '': pass"),
    (compared_secrets, "if len(signature) == 64: pass"),
    (unmarked_comparisons, "hmac.compare_digest(one, other)  # SECRET"),
]


def named(value: object) -> str | None:
    """A trap's name, for the name of its test."""
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("trap", TRAPS, ids=named)
def test_no_file_steps_into(trap):
    found = [
        f"src/locum/{source.path}:{line}: {trap.__doc__}"
        for source in sources()
        if (source.path, trap.__name__) not in EXCEPTIONS
        for line in trap(source)
    ]
    assert found == []


@pytest.mark.parametrize(("trap", "line"), PLANTED, ids=named)
def test_control_a_planted_line_is_found_by(trap, line):
    assert trap(Source("wire/planted.py", line + "\n")) == [1]


@pytest.mark.parametrize(("trap", "line"), HARMLESS, ids=named)
def test_a_harmless_line_is_no_finding_of(trap, line):
    assert trap(Source("wire/planted.py", line + "\n")) == []


def test_every_trap_has_a_planted_line():
    assert {trap for trap, _ in PLANTED} == set(TRAPS)


def test_every_exception_is_needed():
    traps = {trap.__name__: trap for trap in TRAPS}
    files = {source.path: source for source in sources()}
    idle = [key for key in EXCEPTIONS if key[0] not in files or not traps[key[1]](files[key[0]])]
    assert idle == []
