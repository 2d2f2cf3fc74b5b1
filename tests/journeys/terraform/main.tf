# A team's identities: users in a group, a role with a policy and an instance profile, the ceiling above them, and what
# the data sources say of all that. `actions` and `team` change between two applies.
variable "endpoint" { type = string }
variable "actions" {
  type    = list(string)
  default = ["iam:Get*", "iam:List*"]
}
variable "team" {
  type    = string
  default = "blue"
}

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_region_validation      = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false
  skip_credentials_validation = false
  default_tags { tags = { managed-by = "terraform" } }
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}

data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.alice.arn]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = var.actions
    resources = ["*"]
  }
}

resource "aws_iam_account_alias" "team" { account_alias = "the-team" }

resource "aws_iam_policy" "ceiling" {
  name   = "ceiling"
  path   = "/team/"
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user" "alice" {
  force_destroy = true
  name                 = "alice"
  path                 = "/team/"
  permissions_boundary = aws_iam_policy.ceiling.arn
  tags                 = { team = var.team }
}

resource "aws_iam_access_key" "alice" { user = aws_iam_user.alice.name }

resource "aws_iam_user_policy" "own" {
  name   = "own"
  user   = aws_iam_user.alice.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_user_policy_attachment" "read" {
  user       = aws_iam_user.alice.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_group" "readers" { name = "readers" }

resource "aws_iam_group_membership" "readers" {
  name  = "readers"
  group = aws_iam_group.readers.name
  users = [aws_iam_user.alice.name]
}

resource "aws_iam_group_policy" "own" {
  name   = "own"
  group  = aws_iam_group.readers.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_group_policy_attachment" "readers" {
  group      = aws_iam_group.readers.name
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_policy" "read" {
  name        = "read"
  description = "what the team may read"
  policy      = data.aws_iam_policy_document.read.json
  tags        = { team = var.team }
}

resource "aws_iam_role" "worker" {
  name                 = "worker"
  description          = "does the team's tasks"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.ceiling.arn
  tags                 = { team = var.team }
}

resource "aws_iam_role_policy" "tasks" {
  name   = "tasks"
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy_attachment" "audit" {
  role       = aws_iam_role.worker.name
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role" "machine" {
  name               = "machine"
  assume_role_policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_instance_profile" "machine" {
  name = "machine"
  role = aws_iam_role.machine.name
  tags = { team = var.team }
}

resource "aws_iam_virtual_mfa_device" "alice" { virtual_mfa_device_name = "alice" }

# The data sources, asked when all of it is there.
data "aws_iam_user" "alice" {
  user_name = aws_iam_user.alice.name
}
data "aws_iam_group" "readers" {
  group_name = aws_iam_group_membership.readers.group
}
data "aws_iam_role" "worker" {
  name = aws_iam_role.worker.name
}
data "aws_iam_policy" "read" {
  arn = aws_iam_policy.read.arn
}
data "aws_iam_policy" "managed" {
  name = "ReadOnlyAccess"
}
data "aws_iam_instance_profile" "machine" {
  name = aws_iam_instance_profile.machine.name
}
data "aws_iam_account_alias" "team" {
  depends_on = [aws_iam_account_alias.team]
}
data "aws_iam_roles" "all" {
  depends_on = [aws_iam_role.worker, aws_iam_role.machine]
}
data "aws_iam_users" "team" {
  path_prefix = "/team/"
  depends_on  = [aws_iam_user.alice]
}
data "aws_iam_session_context" "me" {
  arn = data.aws_caller_identity.me.arn
}
data "aws_iam_access_keys" "alice" {
  user = aws_iam_access_key.alice.user
}
data "aws_iam_principal_policy_simulation" "alice" {
  policy_source_arn = aws_iam_user.alice.arn
  action_names      = ["iam:ListUsers", "iam:CreateUser"]
  depends_on        = [aws_iam_user_policy.own, aws_iam_policy.ceiling]
}

output "seen" {
  value = {
    account     = data.aws_caller_identity.me.account_id
    alias       = data.aws_iam_account_alias.team.account_alias
    user        = data.aws_iam_user.alice.arn
    boundary    = data.aws_iam_user.alice.permissions_boundary
    members     = [for user in data.aws_iam_group.readers.users : user.user_name]
    role        = data.aws_iam_role.worker.arn
    role_tags   = data.aws_iam_role.worker.tags
    policy      = jsondecode(data.aws_iam_policy.read.policy).Statement[0].Action
    policy_tags = data.aws_iam_policy.read.tags
    managed     = data.aws_iam_policy.managed.arn
    profile     = data.aws_iam_instance_profile.machine.role_name
    roles       = sort(data.aws_iam_roles.all.names)
    users       = data.aws_iam_users.team.names
    simulated   = { for one in data.aws_iam_principal_policy_simulation.alice.results : one.action_name => one.decision }
    keys        = [for key in data.aws_iam_access_keys.alice.access_keys : key.status]
  }
}
output "alice" {
  value     = { id = aws_iam_access_key.alice.id, secret = aws_iam_access_key.alice.secret }
  sensitive = true
}
