"""How results of policy tests are printed: for people, as JSON, as JUnit XML.

Law: results in, text out; the exit status is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape

import click

from locum.policy.cases import Result
from locum.policy.coverage import Coverage, covered
from locum.policy.difference import difference, wanted


def text(results: Sequence[Result], *, coverage: bool, verbose: bool) -> None:
    """Failures with what was expected, what was decided and why; then one line of sums."""
    for result in results:
        if not result.passed:
            click.echo(click.style("FAIL", fg="red") + f" {result.id}")
            click.echo("\n".join(f"     {line}" for line in difference(result)))
        elif verbose:
            click.echo(click.style("ok  ", fg="green") + f" {result.id}")
    passed = sum(result.passed for result in results)
    failed = len(results) - passed
    found = covered(results)
    sums = f"{passed} passed, {failed} failed; {found.deciding} of {found.total} statements decided a scenario"
    click.echo(click.style(sums, fg="red" if failed else "green"))
    if coverage:
        _uncovered(found)


def _uncovered(found: Coverage) -> None:
    for scenario, ref in found.silent:
        click.echo(f"never decided: {ref} ({scenario})")


def as_json(results: Sequence[Result], *, coverage: bool, verbose: bool) -> None:
    """The contract of docs/reference/policy-tests.md."""
    passed = sum(result.passed for result in results)
    answer: dict[str, object] = {
        "results": [result.to_dict() for result in results],
        "summary": {"total": len(results), "passed": passed, "failed": len(results) - passed},
    }
    if coverage:
        found = covered(results)
        answer["coverage"] = {
            "statements": found.total,
            "deciding": found.deciding,
            "silent": [{"scenario": scenario, "statement": str(ref)} for scenario, ref in found.silent],
        }
    click.echo(json.dumps(answer, indent=1))


def junit(results: Sequence[Result], *, coverage: bool, verbose: bool) -> None:
    """JUnit XML: one test case a scenario, an unreadable one as an error."""
    errors = sum(bool(result.error) for result in results)
    failures = sum(not result.passed for result in results) - errors
    click.echo('<?xml version="1.0" encoding="UTF-8"?>')
    click.echo(f'<testsuite name="locum test" tests="{len(results)}" failures="{failures}" errors="{errors}">')
    for result in results:
        suite, _, name = result.id.partition("/")
        start = f' <testcase classname="{_xml(suite)}" name="{_xml(name or suite)}"'
        if result.passed:
            click.echo(start + "/>")
            continue
        kind = "error" if result.error else "failure"
        said = _xml(result.error or f"expected {wanted(result)}, decided {result.decision}")
        click.echo(f'{start}>\n  <{kind} message="{said}">{_xml(chr(10).join(difference(result)))}</{kind}>')
        click.echo(" </testcase>")
    click.echo("</testsuite>")


def _xml(value: str) -> str:
    """Text for XML 1.0: escaped, control characters replaced."""
    return escape("".join(one if one >= " " or one in "\n\t" else "�" for one in value))


PRINTERS: dict[str, Callable[..., None]] = {"text": text, "json": as_json, "junit": junit}
