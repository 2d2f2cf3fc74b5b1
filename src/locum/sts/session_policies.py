"""Session policies as a call passes them: one inline document and up to ten managed policies by ARN.

Law: checked when the session is made; the inline text goes into the token, managed ones by id, and are read anew at
each request (rule T6). They only ever narrow (semantics 7). Source: IAM User Guide, "Session policies".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from locum.aws import managed_policies
from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.call import Call
from locum.iam.names import arn_of
from locum.iam.policies import ManagedPolicy
from locum.policy import accepted
from locum.store.tx import Tx

PLAIN_CHARACTERS = 2048
MOST_ARNS = 10


class PolicyDescriptor(msgspec.Struct, frozen=True):
    """One managed session policy by its ARN, as the wire names it."""

    arn: str


def session_policy(document: str | None) -> str | None:
    """The inline session policy. Raises ValidationError when too long, MalformedPolicyDocument when it is no policy."""
    if document is None:
        return None
    if len(document) > PLAIN_CHARACTERS:
        raise Refusal(
            "ValidationError",
            f"1 validation error detected: Value '{document}' at 'policy' failed to satisfy constraint:"
            f" Member must have length less than or equal to {PLAIN_CHARACTERS}",
        )
    accepted.require_session_policy(document)
    return document


def managed_ids(call: Call, tx: Tx, descriptors: Sequence[PolicyDescriptor], *, account: str) -> tuple[str, ...]:
    """The ids (for AWS managed policies: the ARNs) of the managed session policies, which are of `account`, the role's.

    Raises ValidationError for an ARN that is none, MalformedPolicyDocument for a policy that does not exist there.
    """
    if not descriptors:
        return ()
    if len(descriptors) > MOST_ARNS:
        raise Refusal("ValidationError", f"A session takes at most {MOST_ARNS} managed policies")
    return tuple(_managed_id(call, tx, one.arn, account) for one in descriptors)


def _managed_id(call: Call, tx: Tx, text: str, account: str) -> str:
    try:
        arn = Arn.parse(text)
    except ArnError as error:
        raise Refusal("ValidationError", f"{text} is invalid") from error
    provided = managed_policies.find(text)
    if provided is not None and provided.partition == call.place.partition:
        return text
    policy = tx.find(ManagedPolicy, account, arn.resource.rpartition("/")[2])
    if policy is None or arn_of(policy, call.place.partition) != text:
        raise Refusal("MalformedPolicyDocument", f"Policy {text} does not exist or is not attachable.")
    return policy.id
