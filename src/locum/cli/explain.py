"""`locum explain`: why a call is allowed or denied, which statement, and the smallest change.

Law: reads policies from files, or from a running server with the caller's own AWS credentials, asks the engine, prints;
decides nothing. Exit status: 0 allowed, 1 denied, 2 wrong usage, a file that is no policy or a server that does not
answer. Names of principals are those of policy tests.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

# Option -> the field of a policy test that it fills, and whether a file is a level of its own.
POLICY_OPTIONS = {
    "identity": "identity",
    "boundary": "boundary",
    "session": "session",
    "scp": "scps",
    "rcp": "rcps",
    "endpoint_policy": "endpoint",
    "resource_policy": "resource_policy",
    "trust": "trust",
    "key_policy": "key_policy",
}
LEVELS = ("scps", "rcps")

SAMPLE = Path(__file__).parent / "samples" / "explain" / "identity.json"
SAMPLE_CALL: dict[str, Any] = {
    "principal": "user/alice",
    "action": ("s3:GetObject",),
    "resource": ("arn:aws:s3:::reports/q1.csv",),
    "identity": (str(SAMPLE),),
}


Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _files(name: str, words: str) -> Callable[[Decorated], Decorated]:
    """An option that takes files and may be repeated."""
    return click.option(name, multiple=True, metavar="FILE", help=words)


@click.command("explain", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--principal", metavar="WHO", help="user/NAME, session/ROLE/NAME, root, anonymous, a service, an ARN.")
@click.option("--action", multiple=True, metavar="ACTION", help="service:Name; repeat for several.")
@click.option("--resource", multiple=True, metavar="ARN", help="An ARN, or `*` [default].")
@_files("--identity", "Identity policies of the caller.")
@_files("--boundary", "Its permissions boundary.")
@_files("--session", "Its session policies.")
@_files("--scp", "SCPs, one level each, the organisation's root first.")
@_files("--rcp", "RCPs, one level each.")
@_files("--endpoint-policy", "The policy of the VPC endpoint the request came through.")
@_files("--resource-policy", "The policy of the resource.")
@_files("--trust", "The trust policy, when the resource is a role to assume.")
@_files("--key-policy", "The key policy, when the resource is a KMS key.")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="A condition key; repeated, it has many values.")
@click.option("--tag", multiple=True, metavar="KEY=VALUE", help="A tag of the caller.")
@click.option("--resource-tag", multiple=True, metavar="KEY=VALUE", help="A tag of the resource.")
@click.option("--mfa/--no-mfa", default=None, help="Temporary credentials with or without MFA [default: long-term].")
@click.option("--account", metavar="ID", help="The account short names live in.")
@click.option("--resource-account", metavar="ID", help="The account that owns the resource.")
@click.option("--now", metavar="TIME", help="The instant of the call [default: 2026-01-15T12:00:00Z].")
@click.option("--endpoint", metavar="URL", help="A running server: its policies, read with your AWS credentials.")
@click.option("--denial", metavar="ID|latest", help="A request that the `locum dev` at --endpoint denied.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--sample", is_flag=True, help="Explain a call that comes with Locum.")
def command(style: str, sample: bool, denial: str | None, **given: Any) -> None:
    """Say why a call is allowed or denied, which statement decided, and what the smallest change would be."""
    from locum.policy.cases import read_case, warnings
    from locum.policy.compile import PolicyError
    from locum.policy.explain import explain
    from locum.policy.shorthand import CaseError

    if denial is not None:
        if not given["endpoint"]:
            raise click.UsageError("--denial without --endpoint; the address of a `locum dev` would be right")
        _remembered(given["endpoint"], denial, style)
    call = {**given, **SAMPLE_CALL} if sample else given
    if not call["principal"] or not call["action"]:
        raise click.UsageError("--principal and --action are needed; --sample shows a call that has them")
    try:
        case = read_case(_scenario(call))
        explanations = [explain(question) for question in case.questions]
    except (CaseError, PolicyError) as error:
        raise click.UsageError(str(error)) from error
    for warning in warnings(case):
        click.echo(f"warning: {warning}", err=True)
    if style == "json":
        click.echo(json.dumps({"explanations": [one.to_dict() for one in explanations]}, indent=1))
    else:
        click.echo("\n\n".join(one.text for one in explanations))
    sys.exit(0 if all(one.decision.allowed for one in explanations) else 1)


def _scenario(call: dict[str, Any]) -> dict[str, Any]:
    """The scenario of a policy test that these options mean; its expectation is not asked."""
    principal: dict[str, Any] = {"is": call["principal"], "mfa": call["mfa"], "tags": dict(_pairs(call["tag"]))}
    raw: dict[str, Any] = {
        "id": "explain",
        "name": "explain",
        "expect": "allowed",
        "principal": principal,
        "action": list(call["action"]),
        "resource": list(call["resource"]) or "*",
        "context": _context(call["context"]),
        "resource_tags": dict(_pairs(call["resource_tag"])),
    }
    for key in ("account", "resource_account", "now"):
        if call[key] is not None:
            raw[key] = call[key]
    if call["endpoint"]:
        known = _gathered(call["endpoint"], call)
        spec = known.pop("principal")
        raw = {
            **raw,
            **known,
            "principal": {**principal, **spec, "tags": {**spec.get("tags", {}), **principal["tags"]}},
        }
    for option, field in POLICY_OPTIONS.items():
        policies = [_policy(path, field) for path in call[option]]
        if policies:
            raw[field] = [[one] for one in policies] if field in LEVELS else [*raw.get(field, ()), *policies]
    return raw


def _gathered(endpoint: str, call: dict[str, Any]) -> dict[str, Any]:
    """What the server at `endpoint` knows about the caller, and about the role that is to be assumed."""
    from locum.cli.gather import GatherError, Source

    try:
        source = Source(endpoint)
        roles = call["resource"] if any(one.lower().startswith("sts:") for one in call["action"]) else ()
        return source.scenario(call["principal"], call["account"] or source.account(), roles)
    except GatherError as error:
        raise click.UsageError(str(error)) from error


def _remembered(endpoint: str, request_id: str, style: str) -> NoReturn:
    """The explanation that a `locum dev` gives of a request it denied."""
    from locum.cli.gather import GatherError, denial

    try:
        found = denial(endpoint, request_id)
    except GatherError as error:
        raise click.UsageError(str(error)) from error
    click.echo(json.dumps(found, indent=1) if style == "json" else f"request {found['request_id']}\n{found['text']}")
    sys.exit(0 if found.get("allowed") is True else 1)


def _policy(path: str, field: str) -> Any:
    """The policy in a file, called by its path from here. A file that is none is wrong usage, with every finding."""
    from locum.policy import Attached, PolicyError, parse
    from locum.policy.cases import KINDS

    try:
        return Attached(_from_here(path), parse(Path(path).read_bytes(), KINDS[field]))
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from error
    except PolicyError as error:
        lines = "\n".join(
            f"{_from_here(path)}:{one.line}:{one.column}: {one.seen}; {one.right}" for one in error.findings
        )
        raise click.UsageError(f"{_from_here(path)} is no policy for `{field}`: {error.message}\n{lines}") from error


def _from_here(path: str) -> str:
    """The path from the working directory; as it is where there is none, as between drives."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return path


def _pairs(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    for text in texts:
        if "=" not in text:
            raise click.UsageError(f"`{text}`; KEY=VALUE would be right")
    return [(key, value) for key, _, value in (text.partition("=") for text in texts)]


def _context(texts: tuple[str, ...]) -> dict[str, str | list[str]]:
    """The keys of --context; one that is repeated has several values."""
    values: dict[str, list[str]] = {}
    for key, value in _pairs(texts):
        values.setdefault(key, []).append(value)
    return {key: found[0] if len(found) == 1 else found for key, found in values.items()}
