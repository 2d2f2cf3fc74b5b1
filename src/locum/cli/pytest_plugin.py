"""Policy tests inside pytest: the fixture `locum_policy`, and suites named `*.locum.yaml` as tests of their own.

Law: the same engine and the same format as `locum test`; nothing is decided here. It is a pytest11 entry point, so it
imports what it needs only when a suite or the fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from locum.policy.cases import Result
    from locum.policy.explain import Explanation

SUFFIXES = (".locum.json", ".locum.yaml", ".locum.yml")


class PolicyTester:
    """Asks the engine in the words of policy tests: `locum_policy.decide(principal="user/alice", action=…, …)`."""

    def explain(self, **scenario: Any) -> Explanation:
        """The explanation of the first question that a scenario asks. Raises CaseError or PolicyError."""
        from locum.policy.cases import read_case
        from locum.policy.explain import explain

        return explain(read_case({"id": "x", "name": "x", "expect": "allowed", **scenario}).questions[0])

    def decide(self, **scenario: Any) -> str:
        """The verdict on a scenario: `allowed`, `explicitDeny` or `implicitDeny`. Raises CaseError or PolicyError."""
        from locum.policy.cases import ask, read_case

        return ask(read_case({"id": "x", "name": "x", "expect": "allowed", **scenario})).decision

    def run(self, suite: str | Path) -> tuple[Result, ...]:
        """The results of a suite in a file, JSON or YAML. Raises CaseError when the file is no suite."""
        return tuple(_results(Path(suite)))


@pytest.fixture
def locum_policy() -> PolicyTester:
    """Locum's policy engine, asked in the words of policy tests."""
    return PolicyTester()


def _results(path: Path) -> Iterator[Result]:
    from locum.policy.casefile import read_json, read_yaml
    from locum.policy.cases import run

    yield from run((read_json if path.suffix == ".json" else read_yaml)(path.read_bytes()))


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Collect suites by their suffix; every other file is somebody else's."""
    if file_path.name.endswith(SUFFIXES):
        suite: pytest.Collector = _Suite.from_parent(parent, path=file_path)
        return suite
    return None


class _Suite(pytest.File):
    """A file of policy tests."""

    def collect(self) -> Iterator[pytest.Item]:
        for result in _results(self.path):
            item = _Scenario.from_parent(self, name=result.id)
            item.result = result
            yield item


class _Failed(Exception):
    """A scenario that was decided otherwise; its text is the whole report."""


class _Scenario(pytest.Item):
    """One policy test. It is asked when the suite is collected, which takes microseconds."""

    result: Result

    def runtest(self) -> None:
        from locum.policy.difference import difference

        if not self.result.passed:
            raise _Failed("\n".join(difference(self.result)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name
