"""What `import locum.policy` brings along: little, because every user of the engine starts with it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
import locum.policy
print(*sorted(set(sys.modules) - before))
"""
MODULES = frozenset(
    subprocess.run([sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
)


def test_only_msgspec_comes_from_outside() -> None:
    top = {name.partition(".")[0] for name in MODULES} - sys.stdlib_module_names
    assert top == {"locum", "msgspec", "typing_extensions"} & top
    assert {"locum", "msgspec"} <= top


def test_of_locum_only_the_engine_and_its_refusals() -> None:
    assert {".".join(name.split(".")[:2]) for name in MODULES if name.startswith("locum.")} == {
        "locum.aws",
        "locum.policy",
    }
    assert not {"locum.policy.cases", "locum.policy.casefile"} & MODULES


def test_nothing_that_starts_slowly_or_reaches_out() -> None:
    assert not MODULES & {
        "asyncio",
        "socket",
        "ssl",
        "sqlite3",
        "logging",
        "subprocess",
        "http",
        "xml",
        "yaml",
        "hashlib",
    }
    assert len(MODULES) <= 120
