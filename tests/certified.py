"""Certificates and keys for tests, made when they are asked for: a root, what it signs, and keys of each kind.

Law: no test reads a key from a file; EC keys, because they are made in no time, and RSA where AWS asks for it.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 23, 19, 0, 0, tzinfo=UTC)


@functools.cache
def ec_key(name: str):
    """A key of an elliptic curve; the same for the same name."""
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(name: str, bits: int = 2048):
    """An RSA key; the same for the same name and size."""
    return rsa.generate_private_key(65537, bits)


@functools.cache
def ed_key():
    """A key of a kind that AWS does not take."""
    return ed25519.Ed25519PrivateKey.generate()


def certificate(name: str, by: str | None = None, *, key=None, since=NOW, until=NOW + timedelta(days=365)) -> str:
    """A certificate of `name` in PEM, signed by the key of `by`, or by its own."""
    key, issuer = key or ec_key(name), by or name

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since - timedelta(days=1))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    signer = key if by is None else ec_key(by)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, algorithm).public_bytes(Encoding.PEM).decode()


def private(key, passphrase: bytes | None = None) -> str:
    """A private key in PEM."""
    how = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


def ssh(key) -> str:
    """The public half as OpenSSH writes it."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pem(key) -> str:
    """The public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
