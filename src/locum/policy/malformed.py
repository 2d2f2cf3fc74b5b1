"""AWS's sentences about a text that is no policy: the messages of MalformedPolicyDocument.

Law: data, to the byte; which of them is said, and of what, is for the grammar. A trust policy is read by another parser
of AWS's and has sentences of its own.
"""

from __future__ import annotations

# Identity policies and all others: IAM's recorded answers.
SYNTAX = "Syntax errors in policy."
TRUST_JSON = "This policy contains invalid Json"
LEGACY = "The policy failed legacy parsing"
NO_PRINCIPAL = "Policy document should not specify a principal."
ONE_COLON = "Actions/Condition can contain only one colon."
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
NO_ACTIONS = "Policy statement must contain actions."
NO_RESOURCES = "Policy statement must contain resources."
SID_CHARACTERS = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
SID_UNIQUE = "Statement IDs (SID) in a single policy must be unique."
# Trust policies are read by another parser, with sentences of its own. `This policy contains invalid Json` is recorded;
# `Has prohibited field Resource` is reported by users, the others were published by a project that compares itself
# with AWS (2026).
TRUST_EMPTY = "Could not parse the policy: Statement is empty!"
TRUST_VERSION = "The policy must contain a valid version string"
TRUST_SID_UNIQUE = "The Statement Ids in the policy are not unique"
TRUST_EFFECT = "Missing required field Effect"
TRUST_ACTION = "Missing required field Action"
TRUST_ACTIONS = "AssumeRole policy may only specify STS AssumeRole actions."
TRUST_NOT_RESOURCE = "AssumeRole policy must not contain resources."
TRUST_NOT_PRINCIPAL = "AssumeRole policy must not contain NotPrincipal field."
TRUST_ALLOW_NOT_PRINCIPAL = "Allow with NotPrincipal is not allowed."
TRUST_NOBODY = "Missing required field Principal cannot be empty!"
