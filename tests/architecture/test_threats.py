"""The page of threats has a line for each, and names only proofs that there are.

Law: reads `docs/threats.md` and `docs/developing/proofs.md`; test_docs.py sees to the paths. That the server opens no
connection, which the page says, is read in the sources.
"""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ROOT, Source, sources

THREATS = 26
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
PROOFS = (ROOT / "docs" / "developing" / "proofs.md").read_text(encoding="utf-8")
ID = re.compile(r"\bx[A-Z][0-9]+\b", re.ASCII)
CLIENTS = {"urllib.request", "http.client", "ftplib", "smtplib", "httpx", "requests", "urllib3", "boto3"}


def numbered(page: str) -> set[int]:
    """The numbers of the threats that the page has a line for."""
    heads = re.findall(r"^(?:\| |- \*\*)((?:H[0-9]+(?:, )?)+)", page, re.MULTILINE | re.ASCII)
    return {int(number) for head in heads for number in re.findall(r"[0-9]+", head, re.ASCII)}


def unproved(page: str, proofs: str) -> set[str]:
    """The proofs that a page names and the page of proofs does not have."""
    rows = set(re.findall(r"^\| (x[A-Z][0-9]+) \|", proofs, re.MULTILINE | re.ASCII))
    return set(ID.findall(page)) - rows


def bare(page: str) -> list[str]:
    """The lines of the tables of what is withstood that name neither a proof nor a test."""
    tables = page.partition("## Withstood")[2].partition("## Not there")[0]
    rows = [line for line in tables.splitlines() if line.startswith("| ") and "| proved by |" not in line]
    return [row for row in rows if not re.search(r"\bx[A-Z][0-9]|`tests/", row.split(" | ")[-1], re.ASCII)]


def connecting(source: Source) -> list[int]:
    """The lines on which a source imports what opens connections to others."""
    found = []
    for node in source.nodes:
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        found += [node.lineno for name in names if name in CLIENTS]
    return found


def test_every_threat_has_its_line():
    assert numbered(PAGE) == set(range(1, THREATS + 1))


def test_every_proof_that_is_named_is_a_line_of_the_proofs():
    assert unproved(PAGE, PROOFS) == set()


def test_everything_that_is_withstood_names_what_proves_it():
    assert bare(PAGE) == []


def test_only_commands_and_the_fetching_of_an_issuer_s_keys_open_connections():
    found = [source.path for source in sources() if not source.path.startswith("cli/") and connecting(source)]
    assert found == ["server/outbound.py"]


def test_control_a_page_with_a_fault_and_a_line_that_connects_are_found():
    assert unproved("| H1 | a | b | xS1, xS99 |", "| xS1 | a |") == {"xS99"}
    assert bare("## Withstood\n| H1 | a | b | good will |\n## Not there") == ["| H1 | a | b | good will |"]
    assert numbered("| H1, H3 | a |\n- **H2** b\nH4") == {1, 2, 3}
    for line in ("import urllib.request", "from urllib import request", "from http.client import HTTPConnection"):
        assert connecting(Source("iam/planted.py", line + "\n")) == [1]
