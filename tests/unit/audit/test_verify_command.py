"""What `locum audit verify` says in its last line: never plainly `whole` where an end is not signed."""

from __future__ import annotations

import pytest

from locum.audit.verify import Checked, Finding
from locum.cli.audit import ending


def chain(*, unsigned: int = 0, stopped: bool = True, finding: Finding | None = None) -> Checked:
    return Checked(chain="a", lines=10, digests=2, unsigned=unsigned, stopped=stopped, finding=finding)


def test_chains_that_are_closed_and_signed_are_whole():
    assert ending((chain(), chain())) == "the audit trail is whole: 20 lines in 2 chains"


@pytest.mark.parametrize(("unsigned", "said"), [(0, "0 lines are"), (1, "1 line is"), (7, "7 lines are")])
def test_an_open_end_is_whole_as_far_as_it_is_signed(unsigned, said):
    assert ending((chain(), chain(unsigned=unsigned, stopped=False))) == (
        f"the audit trail is whole as far as it is signed; {said} not signed yet, 1 chain is open: 20 lines in 2 chains"
    )


def test_a_bad_chain_is_counted():
    bad = chain(unsigned=3, finding=Finding("a", 4, "it is missing"))
    assert ending((bad, chain())) == "1 of 2 chains are not as they were written: 20 lines in 2 chains"
