#!/usr/bin/env bash
# A vendor audits another account. Expects the environment of an administrator of account 111111111111 (see README.md).
set -euo pipefail

# A fresh start: the dev server forgets everything, so that this can be run again.
curl -fsS -o /dev/null -X POST -H 'Content-Type: application/json' -d '{}' "$AWS_ENDPOINT_URL/_locum/reset"

# Runs a command that must fail, and prints its error.
refused() {
    local error
    if error=$("$@" 2>&1 >/dev/null); then echo "was allowed: $*"; exit 1; fi
    grep . <<<"$error"
}

# The customer lends a role.
aws iam create-role --role-name audit --query Role.Arn --output text --assume-role-policy-document '{
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "customer-42"}}}}'
aws iam attach-role-policy --role-name audit --policy-arn arn:aws:iam::aws:policy/SecurityAudit

# The vendor's account, with its administrator's key.
vendor=$(curl -sS -X POST -H 'Content-Type: application/json' -d '{"account_id": "222222222222"}' \
    "$AWS_ENDPOINT_URL/_locum/accounts")
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)["Administrator"][sys.argv[1]])' "$1" <<<"$vendor"; }
vendor_id=$(field AccessKeyId) vendor_secret=$(field SecretAccessKey)
as_vendor() { AWS_ACCESS_KEY_ID=$vendor_id AWS_SECRET_ACCESS_KEY=$vendor_secret "$@"; }
as_vendor aws sts get-caller-identity --query Arn --output text

assume=(aws sts assume-role --role-arn arn:aws:iam::111111111111:role/audit --role-session-name vendor)
refused as_vendor "${assume[@]}"
refused as_vendor "${assume[@]}" --external-id customer-43

read -r id secret token < <(as_vendor "${assume[@]}" --external-id customer-42 \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
as_audit() { AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token "$@"; }
as_audit aws sts get-caller-identity --query '[Account,Arn]' --output text
as_audit aws iam list-roles --query 'Roles[].RoleName' --output text
refused as_audit aws iam delete-role --role-name audit

# An intern of the vendor is trusted by the role, through the vendor's account, but has no permission at home.
as_vendor aws iam create-user --user-name intern --query User.Arn --output text
read -r intern_id intern_secret < <(as_vendor \
    aws iam create-access-key --user-name intern --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
as_intern() { AWS_ACCESS_KEY_ID=$intern_id AWS_SECRET_ACCESS_KEY=$intern_secret "$@"; }
refused as_intern "${assume[@]}" --external-id customer-42
