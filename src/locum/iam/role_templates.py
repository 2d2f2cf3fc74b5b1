"""Role templates: what AWS's services let an account make roles from. None is known here.

Law: templates are kept by AWS's services (`arn:…:iam::aws:role-template/SERVICE/NAME:MAJOR`), which are not here, and
AWS publishes none. So the answer is the one about a template that does not exist. Source: IAM API reference,
AcquireRole, GetRoleTemplateVersion; the sentences are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

import msgspec

from locum.aws.faults import Refusal
from locum.call import Asked, Call, Result, operation
from locum.store.tx import Tx

_TEMPLATE = re.compile(r"arn:[a-z-]+:iam::aws:role-template/[^/:]+/[^/:]+:[0-9]+", re.ASCII)


class ReplacementValue(msgspec.Struct, frozen=True, rename="pascal"):
    """What to put in the place of a template's parameter."""

    values: tuple[str, ...]


def _asks(call: Call, tx: Tx) -> Sequence[Asked]:
    """The action on the template that is named, whether or not there is one."""
    arn = call.inputs["TemplateArn"]
    return [Asked(action=call.operation.name, arn=arn, account=call.account, context={"iam:RoleTemplateARN": arn})]


@operation("iam:AcquireRole", writes=True, asks=_asks)
def acquire_role(
    call: Call,
    tx: Tx,
    *,
    template_arn: str,
    template_minor_version: int | None = None,
    replacement_values: Mapping[str, ReplacementValue] | None = None,
) -> Result:
    """Refuses: there is no such template."""
    _missing(template_arn)


@operation("iam:GetRoleTemplateVersion", asks=_asks)
def get_role_template_version(call: Call, tx: Tx, *, template_arn: str, minor_version: int | None = None) -> Result:
    """Refuses: there is no such template."""
    _missing(template_arn)


def _missing(arn: str) -> NoReturn:
    if not _TEMPLATE.fullmatch(arn):
        raise Refusal("InvalidInput", f"`{arn}` is not the ARN of a role template", arn=arn)
    raise Refusal("NoSuchEntity", f"The role template {arn} cannot be found.", arn=arn)
