"""AWS Signature Version 4: the carrier of a request, its verification, and our own signing.

Law: pure: no clock, no disk, no keys of its own. `carrier` reads what a request says about its signature and is not to
be believed; `verify` proves it.
"""

from locum.sigv4.carrier import Carrier, carrier, claimed_key_id
from locum.sigv4.keys import DayKeys, signing_key
from locum.sigv4.refusals import SignatureError, WrongSignature
from locum.sigv4.sign import Signer, presign, sign
from locum.sigv4.verify import HEADER_WINDOW, LITERAL, STANDARD, Reading, Verified, verify

__all__ = [
    "HEADER_WINDOW",
    "LITERAL",
    "STANDARD",
    "Carrier",
    "DayKeys",
    "Reading",
    "SignatureError",
    "Signer",
    "Verified",
    "WrongSignature",
    "carrier",
    "claimed_key_id",
    "presign",
    "sign",
    "signing_key",
    "verify",
]
