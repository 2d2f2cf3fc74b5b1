"""Every operation that this server performs: importing this module declares them all, each exactly once."""

from locum.iam import (
    access_keys,
    account,
    attachments,
    boundaries,
    groups,
    inline,
    instance_profiles,
    mfa_devices,
    policies,
    roles,
    tags,
    users,
)
from locum.sts import assume_role, caller_identity, session_token

MODULES = (
    access_keys,
    account,
    attachments,
    boundaries,
    groups,
    inline,
    instance_profiles,
    mfa_devices,
    policies,
    roles,
    tags,
    users,
    assume_role,
    caller_identity,
    session_token,
)
