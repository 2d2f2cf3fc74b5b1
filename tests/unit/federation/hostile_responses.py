"""Hostile SAML responses, a family a line (xF4 to xF6): none may be accepted as anybody but the one who was signed.

Law: XSW 1 to 8 are the wrappings of Somorovsky and others, "On Breaking SAML" (2012), made here from a good response:
the evil assertion says `root`, the signed one `ann`. A family is a function to the text that a client would send.
"""

from __future__ import annotations

import base64
import copy
import zlib
from collections.abc import Callable
from typing import Any

from lxml import etree
from tests.saml import ENTITY, NAMES, find, plain, response, sent, signed, tree

Family = Callable[[], str]
FAMILIES: dict[str, Family] = {}
EVIL = "root"
HOW = {"assertion": ("Assertion",), "response": ("Response",), "both": ("Assertion", "Response")}


def said(name: str, parts: str = "assertion", **what: Any) -> None:
    """A family of well-signed responses that say something that is not accepted."""
    FAMILIES[name] = lambda: response(HOW[parts], **what)


# ---- wrapped signatures (XSW)


def evil_copy(element: Any, number: str = "_evil") -> Any:
    """A copy with another id and another subject, without its signature."""
    made = copy.deepcopy(element)
    made.set("ID", number)
    for signature in made.findall("d:Signature", NAMES):
        made.remove(signature)
    for name in made.iter(f"{{{NAMES['a']}}}NameID"):
        name.text = EVIL
    return made


def holder(tag: str) -> Any:
    return etree.Element(tag)


def xsw(number: int, parts: str, same_id: bool = False) -> str:
    """The wrapping of that number around a response that was signed so."""
    root = signed(tree(plain()), HOW[parts])
    assertion = find(root, "a:Assertion")
    signature = find(assertion, "d:Signature")
    if signature is None:
        signature = find(root, "d:Signature")
    kept = root.get("ID") if number in (1, 2) else assertion.get("ID")
    new = kept if same_id else "_evil"
    if number in (1, 2):  # the whole response is copied
        made = evil_copy(root, new)
        for one in made.iter(f"{{{NAMES['d']}}}Signature"):
            one.getparent().remove(one)
        if number == 1:
            signature = copy.deepcopy(signature)
            signature.append(root)
            made.insert(1, signature)
        else:
            made.append(root)
            made.insert(1, copy.deepcopy(signature))
        return sent(made)
    evil = evil_copy(assertion, new)
    place = root.index(assertion)
    if number == 3:  # the evil one before the signed one
        root.insert(place, evil)
    elif number == 4:  # the signed one inside the evil one
        root.replace(assertion, evil)
        evil.append(assertion)
    elif number == 5:  # the signature in the evil one, the signed one behind
        if signature.getparent() is not None:
            signature.getparent().remove(signature)
        evil.insert(1, signature)
        root.replace(assertion, evil)
        root.append(assertion)
    elif number == 6:  # the signed one inside the signature inside the evil one
        if signature.getparent() is not None:
            signature.getparent().remove(signature)
        evil.insert(1, signature)
        root.replace(assertion, evil)
        signature.append(assertion)
    elif number == 7:  # the evil one inside extensions
        extensions = holder(f"{{{NAMES['p']}}}Extensions")
        extensions.append(evil)
        root.insert(place, extensions)
    elif number == 8:  # the signed one inside an object of the signature
        if signature.getparent() is not None:
            signature.getparent().remove(signature)
        inside = holder(f"{{{NAMES['d']}}}Object")
        inside.append(assertion)
        signature.append(inside)
        evil.insert(1, signature)
        root.append(evil)
    return sent(root)


for _number in range(1, 9):
    for _parts in ("assertion", "response"):
        for _same in (False, True):
            _name = f"XSW{_number}, {_parts} signed{', with the same id' if _same else ''}"
            FAMILIES[_name] = lambda number=_number, parts=_parts, same=_same: xsw(number, parts, same)


# ---- the document


def text_of(parts: str = "assertion", **what: Any) -> str:
    return base64.b64decode(response(HOW[parts], **what)).decode()


def altered(name: str, old: str, new: str, parts: str = "assertion") -> None:
    """A family of signed responses with a text altered behind the signature, or around it."""

    def make() -> str:
        text = text_of(parts)
        assert old in text, old
        return sent(text.replace(old, new))

    FAMILIES[name] = make


altered("another subject behind the signature", ">ann<", ">root<")
altered("a comment in the subject", ">ann<", ">root<!-- -->ann<")
FAMILIES["a comment that cuts the subject"] = lambda: sent(
    text_of(subject="ann.evil.example").replace(">ann.evil", ">ann<!-- -->.evil")
)
altered("a comment in an attribute", "ann@example.com", "ann<!-- -->@example.com")
altered("a comment anywhere", "<p:Status>", "<!-- --><p:Status>")
altered("a processing instruction", ">ann<", ">ro<?x?>ot<")
altered("an element in the subject", ">ann<", "><b>root</b>ann<")
altered("a document type", "<p:Response", "<!DOCTYPE x><p:Response")
altered("an entity", "<p:Response", '<!DOCTYPE x [<!ENTITY e "root">]><p:Response')
altered("an entity of a file", "<p:Response", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><p:Response')
altered("an entity of an address", "<p:Response", '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]><p:Response')
altered("a document type at an address", "<p:Response", '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><p:Response')
altered(
    "a billion laughs",
    "<p:Response",
    "<!DOCTYPE x ["
    + '<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]><p:Response",
)
altered("an entity that is not declared", ">ann<", ">&root;<")
altered("an attribute that the DTD would give", "<p:Response", '<!DOCTYPE x [<!ATTLIST a ID CDATA "_e">]><p:Response')
altered("an id twice", "<p:Status>", '<p:Status ID="_twice"><x ID="_twice"/>')
altered("an id of another spelling twice", "<p:Status>", '<p:Status Id="_twice"><x id="_twice"/>')
altered("a second subject", "</a:NameID>", "</a:NameID><a:NameID>root</a:NameID>")
altered("another role behind the signature", ":role/sso", ":role/admin")
altered("a reference to nothing", 'URI="#_a', 'URI="#_b')
altered("a reference to the whole document", 'URI="#_a', 'URI="" x="#_a')
altered(
    "a transform that is an XPath",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
)
altered(
    "a transform that is an XSLT",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/1999/REC-xslt-19991116",
)
altered(
    "canonical XML with comments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
)
altered(
    "HMAC in the place of a signature",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
)
altered("a digest of SHA-1", "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1")
altered("an empty digest", "DigestValue>", "DigestValue><!---->")
FAMILIES["version 1.1"] = lambda: sent(signed(tree(plain().replace('Version="2.0"', 'Version="1.1"'))))

FAMILIES["no signature"] = lambda: sent(plain())
FAMILIES["a signature of somebody else"] = lambda: response(by="other")
FAMILIES["a signature that was taken away"] = lambda: sent(
    base64.b64decode(response()).decode().partition("<ds:Signature")[0]
    + base64.b64decode(response()).decode().partition("</ds:Signature>")[2]
)
FAMILIES["two assertions, both signed"] = lambda: two_assertions()
FAMILIES["a good assertion and a response that somebody else signed"] = lambda: sent(
    signed(signed(tree(plain())), ("Response",), "other")
)
FAMILIES["a response within a response"] = lambda: sent(f"<p:Response xmlns:p='{NAMES['p']}'>{text_of()}</p:Response>")
FAMILIES["an assertion alone"] = lambda: sent(find(signed(tree(plain())), "a:Assertion"))
FAMILIES["an encrypted assertion beside it"] = lambda: sent(
    text_of().replace("</p:Response>", "<a:EncryptedAssertion/></p:Response>")
)
FAMILIES["a thousand levels"] = lambda: sent(
    text_of().replace("<p:Status>", "<p:Extensions>" + "<x>" * 1000 + "</x>" * 1000 + "</p:Extensions><p:Status>")
)
FAMILIES["UTF-16"] = lambda: base64.b64encode(text_of().encode("utf-16")).decode()
FAMILIES["UTF-7 in its declaration"] = lambda: sent(
    '<?xml version="1.0" encoding="utf-7"?>' + text_of().replace(">ann<", ">root<")
)
FAMILIES["no XML"] = lambda: sent("{}")
FAMILIES["nothing"] = lambda: ""
FAMILIES["no base64"] = text_of
FAMILIES["base64 of the address form"] = lambda: response().replace("+", "-").replace("/", "_") + "-"
FAMILIES["base64 with a blank"] = lambda: response()[:20] + " " + response()[20:]
FAMILIES["deflated, as in an address"] = lambda: base64.b64encode(zlib.compress(text_of().encode())[2:-4]).decode()
FAMILIES["longer than 100,000 characters"] = lambda: response(subject="a" * 100_000)
FAMILIES["a comment of 100 KB"] = lambda: sent(text_of().replace("<p:Status>", f"<!--{'x' * 70_000}--><p:Status>"))


def two_assertions() -> str:
    """A response with two good assertions, each signed."""
    first, second = signed(tree(plain())), signed(tree(plain(subject=EVIL)))
    first.append(find(second, "a:Assertion"))
    return sent(first)


# ---- what it says
said("another issuer", issuer="https://evil.example/metadata")
said("an issuer that begins alike", issuer=ENTITY + "/x")
said("another audience", audience="urn:example:other")
said("an audience that begins alike", audience="https://signin.aws.amazon.com/saml.evil.example")
said("another recipient", recipient="https://evil.example/saml")
said("a recipient that begins alike", recipient="https://signin.aws.amazon.com.evil.example/saml")
said("no recipient", recipient="")
said("a recipient over http", recipient="http://signin.aws.amazon.com/saml")
said("expired", ends=-61)
said("not yet", begins=61)
said("issued in the future", issued=61)
said("issued long ago", issued=-361, ends=3600)
said("no subject", subject="")
said("a status that is no success", status="urn:oasis:names:tc:SAML:2.0:status:Responder")
said("a session whose end is no time", session=' SessionNotOnOrAfter="soon"')
said("a session whose end is empty", session=' SessionNotOnOrAfter=""')


def replaced(name: str, old: str, new: str) -> None:
    """A family of responses with a text replaced before they are signed, well."""
    FAMILIES[name] = lambda: sent(signed(tree(plain().replace(old, new))))


replaced("no conditions", "a:Conditions", "a:Other")
replaced("no audience", "a:AudienceRestriction", "a:Other")
replaced("a confirmation that is no bearer's", "cm:bearer", "cm:sender-vouches")
replaced(
    "an answer to a request that nobody made",
    "<a:SubjectConfirmationData",
    '<a:SubjectConfirmationData InResponseTo="_q"',
)
replaced(
    "a confirmation without its end", "<a:SubjectConfirmationData NotOnOrAfter", "<a:SubjectConfirmationData Other"
)
replaced("no authentication", "a:AuthnStatement", "a:Other")
replaced(
    "an attribute twice, signed",
    "</a:AttributeStatement>",
    (
        '<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role"><a:AttributeValue>x</a:AttributeValue>'
        "</a:Attribute></a:AttributeStatement>"
    ),
)
