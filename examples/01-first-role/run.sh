#!/usr/bin/env bash
# Alice assumes a role. Expects the environment of an administrator of account 111111111111 (see README.md).
set -euo pipefail

# A fresh start: the dev server forgets everything, so that this can be run again.
curl -fsS -o /dev/null -X POST -H 'Content-Type: application/json' -d '{}' "$AWS_ENDPOINT_URL/_locum/reset"

# Runs a command that must fail, and prints its error.
refused() {
    local error
    if error=$("$@" 2>&1 >/dev/null); then echo "was allowed: $*"; exit 1; fi
    grep . <<<"$error"
}

# The administrator makes Alice, her key, and a role that trusts her.
aws iam create-user --user-name alice --query User.Arn --output text
read -r alice_id alice_secret < <(
    aws iam create-access-key --user-name alice --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
aws iam create-role --role-name admin-task-role --query Role.Arn --output text --assume-role-policy-document '{
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:user/alice"},
        "Action": "sts:AssumeRole"}}'
aws iam put-role-policy --role-name admin-task-role --policy-name tasks --policy-document '{
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["iam:ListUsers", "iam:ListRoles"], "Resource": "*"}}'

# Alice herself may not list users.
as_alice() { AWS_ACCESS_KEY_ID=$alice_id AWS_SECRET_ACCESS_KEY=$alice_secret "$@"; }
refused as_alice aws iam list-users

# She assumes the role: the guide's command.
read -r id secret token < <(as_alice \
    aws sts assume-role --role-arn "arn:aws:iam::111111111111:role/admin-task-role" --role-session-name "TriageSession" \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
as_role() { AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token "$@"; }
as_role aws sts get-caller-identity --query Arn --output text
as_role aws iam list-users --query 'Users[].UserName' --output text

# The role may not make users; and what is taken from the role is taken from its sessions at once.
refused as_role aws iam create-user --user-name mallory
aws iam delete-role-policy --role-name admin-task-role --policy-name tasks
refused as_role aws iam list-users
