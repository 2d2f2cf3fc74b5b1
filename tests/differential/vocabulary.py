"""The words of the random policies and requests.

Law: data only. The vocabulary is small on purpose, so that policies and requests meet often, and holds every trap that
the rules name: case, wildcards in values, text that looks like a variable, broken numbers and dates, foreign digits.
"""

from random import Random
from typing import Any, NamedTuple

HOME = "111122223333"
ABROAD = "444455556666"
ACCOUNTS = (HOME, ABROAD)


def soups(letters: str, longest: int, count: int) -> tuple[str, ...]:
    """Short texts of few letters, the same for ever: what wildcard matching is most likely to get wrong."""
    random = Random(letters)
    return tuple("".join(random.choices(letters, k=random.randint(0, longest))) for _ in range(count))


FIELDS, FIELD_PATTERNS = soups("ab", 4, 12), soups("aab*?", 4, 40)
SOUPS, SOUP_PATTERNS = soups("ab:/*", 6, 40), soups("ab:***?", 7, 120)


class Subject(NamedTuple):
    """Actions that make sense on resources, and the kind of policy that such a resource has of its own."""

    weight: int
    kind: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"
LOG_GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:x"
ROLE = "arn:aws:iam::111122223333:role/app"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
BUCKETS = Subject(
    4,
    "resource_policy",
    ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    ("arn:aws:s3:::reports",),
)
SUBJECTS = (
    Subject(
        40,
        "resource_policy",
        ("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"),
        (
            "arn:aws:s3:::home/alice/x",
            "arn:aws:s3:::home/red/x",
            "arn:aws:s3:::home/Red/x",
            "arn:aws:s3:::home/*/x",
            "arn:aws:s3:::home/?/x",
            "arn:aws:s3:::home/$/x",
            "arn:aws:s3:::home//x",
            "arn:aws:s3:::home/a:b/x",
            "arn:aws:s3:::home/${aws:username}/x",
            "arn:aws:s3:::reports",
            "arn:aws:s3:::reports-old/Q1.csv",
        ),
    ),
    Subject(
        10,
        "",
        ("x:Read",),
        tuple(f"arn:aws:x:{FIELDS[n % 12]}:{FIELDS[(n + 5) % 12]}:{SOUPS[n] or SOUPS[n - 1]}" for n in range(24)),
    ),
    BUCKETS,
    Subject(
        10,
        "resource_policy",
        ("sqs:SendMessage", "sqs:ReceiveMessage"),
        (QUEUE, "arn:aws:sqs:us-east-1:444455556666:jobs"),
    ),
    Subject(
        3,
        "resource_policy",
        ("logs:PutLogEvents",),
        ("arn:aws:logs:us-east-1:111122223333:log-group:eu-1:111122223333:log-group:x", LOG_GROUP),
    ),
    Subject(
        2,
        "",
        ("iam:GetPolicy", "iam:DeletePolicy", "iam:GetRole", "iam:DeleteRole", "kms:DeleteAlias"),
        (
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws:iam::111122223333:role/aws-reserved/sso/x",
            "arn:aws:kms:us-east-1:111122223333:alias/aws/s3",
        ),
    ),
    Subject(
        8,
        "resource_policy",
        ("lambda:InvokeFunction",),
        ("arn:aws:lambda:us-east-1:111122223333:function:api", "arn:aws:lambda:us-east-1:111122223333:function:api:3"),
    ),
    Subject(8, "", ("ec2:RunInstances", "ec2:StopInstances"), ("arn:aws:ec2:us-east-1:111122223333:instance/i-1", "*")),
    Subject(
        6,
        "",
        ("iam:GetUser", "iam:CreateUser", "iam:PassRole"),
        ("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/dev/alice", ROLE),
    ),
    Subject(4, "", ("s3:ListAllMyBuckets", "sts:GetCallerIdentity", "sts:GetSessionToken"), ("*",)),
    Subject(12, "trust", ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), (ROLE,)),
    Subject(10, "key_policy", ("kms:Decrypt", "kms:DescribeKey"), (KEY,)),
)
# Web identity and SAML only ever ask these.
PROVIDED = Subject(
    1, "trust", ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:AssumeRole", "sts:TagSession"), (ROLE,)
)

# ------------------------------------------------------------------ callers: written form, and names that may mean them

CALLERS: tuple[tuple[int, Any, tuple[str, ...]], ...] = (
    (20, "user/alice", ("user/alice",)),
    (4, {"is": "user/alice", "id": "AIDANEWALICE000000000"}, ("user/alice", "AIDANEWALICE000000000")),
    (6, {"is": "user/dev/alice", "tags": {"team": "red"}}, ("user/dev/alice", "user/alice")),
    (10, {"is": "user/alice", "mfa": True, "tags": {"team": "Red", "site": ""}}, ("user/alice",)),
    (6, {"is": "user/alice", "mfa": False}, ("user/alice",)),
    (3, {"is": "user/alice", "management_account": True}, ("user/alice",)),
    (6, "root", ("root",)),
    (16, "session/app/i-1", ("role/app", "session/app/i-1")),
    (
        9,
        {"is": "session/app/i-1", "role": "role/prod/app", "tags": {"team": "red"}, "id": "AROANEWAPP00000000000"},
        ("role/prod/app", "role/app", "session/app/i-1", "AROANEWAPP00000000000"),
    ),
    (4, {"is": "session/AWSServiceRoleForX/s", "role": "role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}, ()),
    (13, {"is": "federated/carol", "role": "user/broker"}, ("federated/carol", "user/broker")),
    (10, f"{ABROAD}:user/carol", (f"{ABROAD}:user/carol",)),
    (8, f"{ABROAD}:session/etl/run", (f"{ABROAD}:role/etl", f"{ABROAD}:session/etl/run")),
    (3, f"{ABROAD}:root", (f"{ABROAD}:root",)),
    (4, f"{ABROAD}:federated/dan", (f"{ABROAD}:federated/dan", f"{ABROAD}:user/dan")),
    (8, "anonymous", ()),
    (6, "ec2.amazonaws.com", ("ec2.amazonaws.com", "service:ec2.amazonaws.com")),
    (4, "oidc:login.example.com", ("oidc:login.example.com",)),
    (3, "saml:Corp", ("saml:Corp",)),
)
STRANGERS = (
    "user/bob",
    "user/Alice",
    "role/web",
    "session/app/i-2",
    "777788889999",
    "777788889999:root",
    "lambda.amazonaws.com",
    "oidc:other.example.com",
    "saml:Other",
    "AIDAOLDALICE000000000",
    "canonical:79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
)

# ------------------------------------------------------------------ condition keys: what requests hold and policies ask

STRINGS = ("red", "Red", "blue", "", "r*d", "r?d", "*", "${aws:username}", "alice", "rot wei\u00df", "\u00c9", "\u00e9")
STRINGS_OUTSIDE = (*STRINGS, "\u212aey", "key", "\uff0a", "red\n", "\u017fet")
STRINGS_ASKED = (
    *STRINGS,
    "r*",
    "?ed",
    "KEY",
    "SET",
    "RED",
    "${aws:PrincipalTag/team}",
    "${AWS:PrincipalTag/TEAM}",
    "${aws:PrincipalTag/none}",
    "${aws:PrincipalTag/none, 'red'}",
    "${aws:PrincipalTag/team, 'r*'}",
    "${aws:TagKeys}",
    "${aws:TagKeys, 'red'}",
    "${aws:TagKeys, 'red'}",
    "${aws:PrincipalTag/site, 'blue'}",
    "r${*}d",
    "r${?}d",
    "${$}{aws:username}",
    "${aws:username}${aws:PrincipalTag/none}",
    "*${aws:username}*",
    "${aws:PrincipalTag/site}",
)
NUMBERS = ("10", "10.0", "9", "-1", "0.5", "600", "010", "+10", "1768478400")
NUMBERS_OUTSIDE = (
    *NUMBERS,
    "many",
    "",
    "nan",
    "inf",
    "\uff11\uff10",
    "1_0",
    " 10",
    "10 ",
    "99999999999999999999",
    "1e1",
)
DATES = (
    "2026-01-15T12:00:00Z",
    "2026-01-15T13:00:00+01:00",
    "2026-01-15T12:00:00",
    "2026-01-15T12:00Z",
    "2026-01-15T11:50:00Z",
    "2026-01-15",
    "2026-01",
    "2026",
    "1768478400",
    "2026-01-15T12:00:00.000Z",
    "2026-01-15T12:00:00.500Z",
)
DATES_OUTSIDE = (*DATES, "2026-13-01", "2026-02-30", "2026W031", "soon", "", "2026-01-15 12:00:00", "\uff12026")
BOOLEANS = ("true", "false")
BOOLEANS_OUTSIDE = (*BOOLEANS, *BOOLEANS, "True", "yes", "")
BLOBS = ("QmluYXJ5", "QQ==", "")
BLOBS_OUTSIDE = (*BLOBS, "QQ", "QR==", "Q Q==", "!!!!", "QQ==\n", "_-8=")
ADDRESSES = ("203.0.113.7", "203.0.114.1", "10.1.2.3", "2001:db8::1", "2001:DB8:0::0001", "::ffff:10.1.2.3")
ADDRESSES_OUTSIDE = (*ADDRESSES, "fe80::1%eth0", "nowhere", "", "010.1.2.3", "10.1.2.3/32")
RANGES = (
    *ADDRESSES[:5],
    "203.0.113.0/24",
    "203.0.113.9/24",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "fe80::/10",
    "10.0.0.0/8",
    "10.1.2.3/32",
)
ARNS = (
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::111122223333:root",
    "arn:aws:sns:us-east-1:111122223333:alarms",
    "arn:aws:logs:us-east-1:111122223333:log-group:/app:x",
)
ARNS_OUTSIDE = (*ARNS, "arn:aws:sns:us-east-1:444455556666:x:111122223333:alarms", "not an arn", "", "arn:aws:sns")
ARNS_ASKED = (
    *ARNS,
    "arn:aws:iam::111122223333:*",
    "arn:aws:iam::*:role/*",
    "arn:aws:iam::1111????3333:user/a*",
    "arn:aws:*:us-east-1:111122223333:alarms",
    "arn:aws:sns:*:111122223333:alarms",
    "arn:aws:logs:*:*:log-group:*",
    "arn:aws:iam::111122223333:user/${aws:username}",
    "arn:aws:iam::${aws:PrincipalAccount}:role/app",
    "arn:aws:iam::111122223333:role/${aws:PrincipalTag/none, 'app'}",
    "arn:aws:iam::111122223333:ROLE/app",
    "${aws:PrincipalArn}",
)


class Family(NamedTuple):
    """Operators, the keys that belong to them, what requests hold under those keys, what policies compare with."""

    weight: int
    operators: tuple[str, ...]
    keys: tuple[str, ...]
    held: tuple[str, ...]
    asked: tuple[Any, ...]


ORDERED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
TEXT_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
FAMILIES = (
    Family(
        6,
        TEXT_OPERATORS,
        ("aws:PrincipalTag/team", "s3:prefix", "aws:TagKeys", "aws:username", "aws:RequestTag/Owner"),
        STRINGS_OUTSIDE,
        STRINGS_ASKED,
    ),
    Family(1, ("StringLike", "StringNotLike"), ("example:soup",), SOUPS, SOUP_PATTERNS),
    Family(
        1,
        ("ArnLike", "ArnNotLike"),
        ("example:arn",),
        tuple(f"arn:aws:x:{field}:{field[::-1]}:{soup}" for field, soup in zip(FIELDS, SOUPS, strict=False)),
        tuple(f"arn:aws:x:{one}:*:{soup}" for one, soup in zip(FIELD_PATTERNS, SOUP_PATTERNS, strict=False)),
    ),
    Family(
        2,
        tuple(f"Numeric{name}" for name in ORDERED),
        ("s3:max-keys", "aws:MultiFactorAuthAge"),
        NUMBERS_OUTSIDE,
        (*NUMBERS, 10, 9.5),
    ),
    Family(
        2,
        tuple(f"Date{name}" for name in ORDERED),
        ("aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"),
        DATES_OUTSIDE,
        DATES,
    ),
    Family(
        2,
        ("Bool",),
        ("aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:ViaAWSService"),
        BOOLEANS_OUTSIDE,
        (*BOOLEANS, True, False),
    ),
    Family(1, ("BinaryEquals",), ("example:blob",), BLOBS_OUTSIDE, BLOBS),
    Family(2, ("IpAddress", "NotIpAddress"), ("aws:SourceIp", "aws:VpcSourceIp"), ADDRESSES_OUTSIDE, RANGES),
    Family(
        2,
        ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
        ("aws:SourceArn", "aws:PrincipalArn"),
        ARNS_OUTSIDE,
        ARNS_ASKED,
    ),
)
