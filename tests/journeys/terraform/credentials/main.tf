# Everything that a person or a program of a user may show beside its access key, and what the account asks of passwords.
variable "endpoint" { type = string }
variable "certificate" { type = string }
variable "private_key" { type = string }
variable "ssh_key" { type = string }

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
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = 20
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 5
}

resource "aws_iam_user" "alice" {
  name          = "alice"
  force_destroy = true
}

resource "aws_iam_user_login_profile" "alice" {
  user                    = aws_iam_user.alice.name
  password_length         = 24
  password_reset_required = true
  depends_on              = [aws_iam_account_password_policy.strict]
}

resource "aws_iam_user_ssh_key" "alice" {
  username   = aws_iam_user.alice.name
  encoding   = "SSH"
  public_key = var.ssh_key
}

resource "aws_iam_signing_certificate" "alice" {
  user_name        = aws_iam_user.alice.name
  certificate_body = var.certificate
}

resource "aws_iam_service_specific_credential" "alice" {
  user_name    = aws_iam_user.alice.name
  service_name = "codecommit.amazonaws.com"
}

resource "aws_iam_server_certificate" "site" {
  name             = "site"
  path             = "/tls/"
  certificate_body = var.certificate
  private_key      = var.private_key
  tags             = { team = "blue" }
}

data "aws_iam_server_certificate" "site" {
  name       = aws_iam_server_certificate.site.name
  depends_on = [aws_iam_server_certificate.site]
}

data "aws_iam_user_ssh_key" "alice" {
  username          = aws_iam_user.alice.name
  ssh_public_key_id = aws_iam_user_ssh_key.alice.ssh_public_key_id
  encoding          = "PEM"
}

output "seen" {
  value = {
    certificate = data.aws_iam_server_certificate.site.arn
    key         = data.aws_iam_user_ssh_key.alice.public_key
    git         = aws_iam_service_specific_credential.alice.service_user_name
  }
}
output "password" {
  value     = aws_iam_user_login_profile.alice.password
  sensitive = true
}
