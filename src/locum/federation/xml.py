"""The one parser of XML (rule F11): what comes in is a tree without entities, or is refused.

Law: one parser for reading and for verifying, so that no two can disagree; no DTD, no entity, no processing
instruction, no network; what it read, written and read again, is the same (rule F12). libxml2's own limits stand: 256
levels, and no text that grows. lxml is imported at the first document.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any

Element = Any  # lxml.etree._Element; its module is not imported before there is something to parse


class XmlError(ValueError):
    """A text that is no XML document as we take it."""


@functools.cache
def etree() -> Any:
    """lxml's etree."""
    return import_module("lxml.etree")


def parse(text: str, *, comments: bool = False) -> Element:
    """The root of the document that `text` is. Raises XmlError. `comments` says whether there may be any."""
    try:
        octets = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise XmlError("a lone surrogate") from error
    root = _read(octets)
    lx = etree()
    found = root.getroottree().docinfo
    if found.doctype or found.internalDTD is not None or found.externalDTD is not None:
        raise XmlError("a document type")
    for node in (*root.itersiblings(preceding=True), *root.iter(), *root.itersiblings()):
        if node.tag is lx.Entity or node.tag is lx.ProcessingInstruction:
            raise XmlError("an entity or a processing instruction")
        if node.tag is lx.Comment and not comments:
            raise XmlError("a comment")
    try:
        again = canonical(_read(lx.tostring(root, encoding="utf-8")))
        same = again == canonical(root)
    except lx.LxmlError as error:  # a namespace that is no absolute address, for one
        raise XmlError("no canonical form") from error
    if not same:
        raise XmlError("written and read again, it is another document")
    return root


def canonical(element: Element) -> bytes:
    """Its exclusive canonical form, comments included."""
    octets: bytes = etree().tostring(element, method="c14n", exclusive=True, with_comments=True)
    return octets


def _read(octets: bytes) -> Element:
    lx = etree()
    parser = lx.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=False,
        remove_pis=False,
        remove_blank_text=False,
        recover=False,
    )
    try:
        root = lx.fromstring(octets, parser)
    except (lx.XMLSyntaxError, ValueError) as error:
        raise XmlError("no well-formed XML") from error
    if root is None:
        raise XmlError("nothing")
    return root
