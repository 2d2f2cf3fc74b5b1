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
    policy_entities,
    policy_versions,
    roles,
    tags,
    users,
    virtual_mfa_devices,
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
    policy_entities,
    policy_versions,
    roles,
    tags,
    users,
    virtual_mfa_devices,
    assume_role,
    caller_identity,
    session_token,
)
