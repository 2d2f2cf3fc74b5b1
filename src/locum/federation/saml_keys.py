"""The condition keys that a verified assertion becomes: `saml:…` (rule F8 for SAML).

Law: from what was signed only. Source: IAM User Guide, "Available keys for SAML-based AWS STS federation"; the names of
eduPerson, eduOrg, X.500 and Active Directory attributes are those of their schemas.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from locum.federation.assertion import Assertion

_PERSON, _ORG = "urn:oid:1.3.6.1.4.1.5923.1.1.1.", "urn:oid:1.3.6.1.4.1.5923.1.2.1."
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_PILOT = "urn:oid:0.9.2342.19200300.100.1."

# Attribute -> key that may have several values.
LISTS: Mapping[str, str] = {
    _PERSON + "1": "saml:edupersonaffiliation",
    _PERSON + "2": "saml:edupersonnickname",
    _PERSON + "4": "saml:edupersonorgunitdn",
    _PERSON + "7": "saml:edupersonentitlement",
    _PERSON + "9": "saml:edupersonscopedaffiliation",
    _PERSON + "10": "saml:edupersontargetedid",
    _PERSON + "11": "saml:edupersonassurance",
    _ORG + "2": "saml:eduorghomepageuri",
    _ORG + "3": "saml:eduorgidentityauthnpolicyuri",
    _ORG + "4": "saml:eduorglegalname",
    _ORG + "5": "saml:eduorgsuperioruri",
    _ORG + "6": "saml:eduorgwhitepagesuri",
    "urn:oid:2.5.4.3": "saml:cn",
}
# Attribute -> key of one value: the first counts.
SINGLES: Mapping[str, str] = {
    _PERSON + "3": "saml:edupersonorgdn",
    _PERSON + "5": "saml:edupersonprimaryaffiliation",
    _PERSON + "6": "saml:edupersonprincipalname",
    _PERSON + "8": "saml:edupersonprimaryorgunitdn",
    _CLAIMS + "name": "saml:name",
    "http://schemas.xmlsoap.org/claims/CommonName": "saml:commonName",
    _CLAIMS + "givenname": "saml:givenName",
    _CLAIMS + "surname": "saml:surname",
    _CLAIMS + "emailaddress": "saml:mail",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "saml:primaryGroupSID",
    _PILOT + "1": "saml:uid",
    _PILOT + "3": "saml:mail",
    _PILOT + "45": "saml:organizationStatus",
    "urn:oid:2.5.4.4": "saml:surname",
    "urn:oid:2.5.4.42": "saml:givenName",
    "urn:oid:2.5.4.45": "saml:x500UniqueIdentifier",
}


def keys_of(assertion: Assertion, *, account: str, provider: str) -> dict[str, str | tuple[str, ...]]:
    """The condition keys of an assertion; `provider` is the name of the provider in that account."""
    keys: dict[str, str | tuple[str, ...]] = {
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:sub": assertion.subject,
        "saml:doc": f"{account}/{provider}",
        "saml:namequalifier": name_qualifier(assertion.issuer, account, provider),
    }
    if assertion.subject_type:
        keys["saml:sub_type"] = assertion.subject_type
    for name, values in assertion.attributes.items():
        if values and name in LISTS:
            keys[LISTS[name]] = values
        elif values and name in SINGLES:
            keys.setdefault(SINGLES[name], values[0])
    return keys


def name_qualifier(issuer: str, account: str, provider: str) -> str:
    """AWS's hash of issuer, account and provider, by which subjects of several providers are told apart."""
    digest = hashlib.sha1(f"{issuer}{account}/{provider}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")
