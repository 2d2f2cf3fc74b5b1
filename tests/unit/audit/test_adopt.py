"""The chain of a process that was killed is signed and closed by the next one, so that a later cut is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from tests.unit.audit.chained import Kept, record

from locum.audit.adopt import adopt
from locum.audit.files import chains
from locum.audit.verify import Checked, check


@pytest.fixture
def killed(kept: Kept, tmp_path: Path) -> tuple[Path, str]:
    """What a killed process leaves: its files as they stood at one moment, three records of them not signed."""
    trail = kept.trail()
    for number in range(3):
        trail.add(record(number), durable=True).wait()
    left = tmp_path / "left"
    shutil.copytree(kept.audit, left)
    yield left, trail.chain
    trail._files.close()


def checked(kept: Kept, directory: Path, chain: str) -> Checked:
    lines = [line for one in chains(directory) if one.chain == chain for line in one.lines()]
    return check(lines, chain, kept.key(), kept.heads().get(chain))


def test_a_dead_chain_is_signed_to_its_end_and_closed(kept, killed):
    directory, chain = killed
    assert (checked(kept, directory, chain).unsigned, checked(kept, directory, chain).stopped) == (3, False)
    assert [(one.chain, one.unsigned) for one in adopt(directory, kept.store, now=kept.time.now())] == [(chain, 3)]
    found = checked(kept, directory, chain)
    assert (found.finding, found.unsigned, found.stopped) == (None, 0, True)


def test_the_closing_lines_say_how_many_lines_their_process_had_not_signed(kept, killed):
    directory, chain = killed
    adopt(directory, kept.store, now=kept.time.now())
    lines = [msgspec.json.decode(line) for one in chains(directory) for line in one.lines()]
    assert [line["kind"] for line in lines][-2:] == ["adopted", "digest"]
    assert lines[-2]["unsigned"] == 3


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_cut_after_the_adoption_is_found(kept, killed, count):
    directory, chain = killed
    adopt(directory, kept.store, now=kept.time.now())
    lines = [line for one in chains(directory) for line in one.lines()]
    found = check(lines[:-count], chain, kept.key(), kept.heads()[chain])
    assert found.finding is not None
    assert "cut short" in found.finding.sentence


def test_a_line_that_was_never_finished_stays_and_is_no_line(kept, killed):
    directory, chain = killed
    path = chains(directory)[0].paths[-1]
    path.write_bytes(path.read_bytes() + b'{"sequence":5,"prev')
    before = path.read_bytes()
    adopt(directory, kept.store, now=kept.time.now())
    assert path.read_bytes() == before
    assert checked(kept, directory, chain).finding is None


def test_the_chain_of_a_living_process_is_left_alone(kept):
    trail = kept.trail()
    trail.add(record(1), durable=True).wait()
    assert adopt(kept.audit, kept.store, now=kept.time.now()) == ()
    trail.add(record(2), durable=True).wait()
    trail.close()
    assert checked(kept, kept.audit, trail.chain).finding is None


def test_a_living_process_keeps_its_chain_when_it_has_gone_on_to_another_file(kept):
    trail = kept.trail(large=1)
    trail.add(record(1), durable=True).wait()
    trail.add(record(2), durable=True).wait()
    assert adopt(kept.audit, kept.store, now=kept.time.now()) == ()
    trail.close()


def test_a_chain_is_adopted_once(kept, killed):
    directory, _ = killed
    adopt(directory, kept.store, now=kept.time.now())
    before = sorted(directory.iterdir())
    assert adopt(directory, kept.store, now=kept.time.now()) == ()
    assert sorted(directory.iterdir()) == before


def test_a_chain_that_is_not_as_it_was_written_is_not_signed(kept, killed):
    directory, chain = killed
    path = chains(directory)[0].paths[0]
    path.write_bytes(path.read_bytes().replace(b"request-1", b"request-9"))
    before = sorted(directory.iterdir())
    found = adopt(directory, kept.store, now=kept.time.now())
    assert found[0].finding is not None
    assert sorted(directory.iterdir()) == before
    assert not kept.heads()[chain].stopped


def test_a_chain_that_is_signed_to_its_end_is_closed_without_another_line(kept, tmp_path):
    trail = kept.trail()
    trail.sign()
    left = tmp_path / "left"
    shutil.copytree(kept.audit, left)
    before = sorted(left.iterdir())
    adopt(left, kept.store, now=kept.time.now())
    assert sorted(left.iterdir()) == before
    found = checked(kept, left, trail.chain)
    assert (found.finding, found.stopped) == (None, True)
    trail._files.close()
