"""What everybody knows: accounts and keys of documentation, test vectors, mocks and other products' first starts.

Law: rule E4. None of these ever opens `locum serve`: every door through which an account id or a key could come in asks
here, and a store that holds one is not served. Facts with their origin; nothing here is a secret.
"""

from __future__ import annotations

from hmac import compare_digest

from locum.aws.secret import Secret

#: the account of every mock, and of `locum dev`
ACCOUNTS = frozenset({"000000000000"})

#: (access key id, secret access key, where everybody has read it)
PAIRS: tuple[tuple[str, str, str], ...] = (
    ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS's documentation"),
    ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", "AWS's documentation, a second user"),
    ("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "AWS's documentation, temporary"),
    ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS's signature test vectors"),
    ("test", "test", "locum dev, LocalStack, moto"),
    ("testing", "testing", "moto's getting started"),
    ("mock", "mock", "unit tests of AWS clients"),
    ("dummy", "dummy", "DynamoDB Local, LocalStack"),
    ("fakeMyKeyId", "fakeSecretAccessKey", "DynamoDB Local's documentation"),
    ("foobar", "foobar", "LocalStack's examples"),
    ("minioadmin", "minioadmin", "MinIO's first start"),
    ("minio", "minio123", "MinIO's examples"),
    ("Q3AM3UQ867SPQQA43P2F", "zuf+tfteSlswRu7BJ86wekitnifILbZam1KYY3TG", "MinIO's public server"),
    ("rustfsadmin", "rustfsadmin", "RustFS's first start"),
    ("accessKey1", "verySecretKey1", "CloudServer's first start"),
    ("0555b35654ad1656d804", "h7GhxuBLTrlhVUyxSPUKUV8r/2EI4ngqJxD7iBdBYLhwluN30JaT3Q==", "Ceph's test cluster"),
    ("any", "any", "SeaweedFS's examples"),
    ("admin", "admin", "everywhere"),
    ("admin", "password", "everywhere"),
    ("root", "root", "everywhere"),
)
KEY_IDS = frozenset(id.lower() for id, _, _ in PAIRS)


class WellKnownError(ValueError):
    """An account or a key that everybody knows stood at a door. The message holds no secret."""


def require_own_account(number: str) -> None:
    """Refuses a well-known account id."""
    if number in ACCOUNTS:
        raise WellKnownError(f"account `{number}` is everybody's; leave the id out and one is drawn")


def require_own_pair(id: str, secret: Secret) -> None:
    """Refuses a key of which the id or the secret is well known."""
    if id.lower() in KEY_IDS:
        raise WellKnownError(f"the access key id `{id}` is everybody's; let a key be drawn")
    octets = secret.reveal().encode()
    if sum(compare_digest(octets, known.encode()) for _, known, _ in PAIRS):  # SECRET
        raise WellKnownError(f"the secret of `{id}` is everybody's; let a key be drawn")
