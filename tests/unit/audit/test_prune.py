"""What is old may be removed from a trail, which is whole from there on; what anybody else removes is missed."""

from __future__ import annotations

import shutil
from datetime import timedelta

import msgspec
import pytest
from tests.unit.audit.chained import NOW, Kept, record

from locum.audit import digests
from locum.audit.adopt import adopt
from locum.audit.chain import Pruned
from locum.audit.files import chains
from locum.audit.prune import prune
from locum.audit.reading import Following, Wanted
from locum.audit.trail import FileTrail
from locum.audit.verify import Checked, check

DAY = 86_400.0
KEEP = timedelta(days=7)


def verified(kept: Kept) -> dict[str, Checked]:
    """What verifying says of every chain that is there or that the store knows."""
    there = {one.chain: one for one in chains(kept.audit)}
    heads = kept.heads()
    return {
        chain: check(there[chain].lines() if chain in there else (), chain, kept.key(), heads.get(chain))
        for chain in {*there, *heads}
    }


def ended(kept: Kept, records: int = 5) -> str:
    """A chain of so many records that has ended."""
    trail = kept.trail()
    for number in range(records):
        trail.add(record(number), durable=True).wait()
    trail.close()
    return trail.chain


def daily(kept: Kept, days: int) -> FileTrail:
    """An open chain with a file for each of so many days."""
    trail = kept.trail(large=1)
    for day in range(days):
        kept.time.passed = day * DAY
        trail.add(record(day, at=kept.time.now()), durable=True).wait()
        trail.sign()
    return trail


def count(kept: Kept) -> int:
    return sum(len(one.paths) for one in chains(kept.audit))


def test_a_chain_that_ended_long_ago_goes_as_a_whole_and_is_not_missed(kept):
    old = ended(kept)
    kept.time.passed = 30 * DAY
    trail = kept.trail()
    done = trail.prune(KEEP)
    assert [(one.chain, one.whole, one.through) for one in done] == [(old, True, NOW)]
    trail.close()
    assert [one.chain for one in chains(kept.audit)] == [trail.chain]
    found = verified(kept)
    assert (found[old].finding, found[old].through, found[old].lines) == (None, NOW, found[old].pruned)
    assert found[trail.chain].finding is None


def test_what_goes_is_on_record_in_the_chain_of_who_removed_it(kept):
    old = ended(kept)
    kept.time.passed = 30 * DAY
    trail = kept.trail()
    trail.prune(KEEP)
    trail.close()
    lines = [line for line in kept.lines(trail.chain) if b'"kind":"pruned"' in line]
    assert [msgspec.json.decode(line, type=Pruned).chain for line in lines] == [old]


def test_a_chain_that_is_young_enough_stays(kept):
    old = ended(kept)
    kept.time.passed = 6 * DAY
    trail = kept.trail()
    assert trail.prune(KEEP) == ()
    trail.close()
    assert verified(kept)[old].lines == 9
    assert len(chains(kept.audit)) == 2


def test_of_an_open_chain_the_old_files_go_and_it_goes_on(kept):
    trail = daily(kept, 20)
    before = count(kept)
    (done,) = trail.prune(KEEP)
    assert not done.whole
    assert NOW + timedelta(days=11) <= done.through < NOW + timedelta(days=13)
    assert count(kept) < before
    trail.add(record(99, at=kept.time.now()), durable=True).wait()
    trail.close()
    found = verified(kept)[trail.chain]
    assert (found.finding, found.pruned, found.through) == (None, done.before, done.through)
    assert found.lines > found.pruned > 0


def test_pruned_twice_it_is_whole_from_the_later_time_on(kept):
    trail = daily(kept, 20)
    (first,) = trail.prune(timedelta(days=15))
    (second,) = trail.prune(KEEP)
    assert trail.prune(KEEP) == ()
    trail.close()
    assert second.before > first.before
    assert (verified(kept)[trail.chain].finding, verified(kept)[trail.chain].pruned) == (None, second.before)


def test_a_chain_that_is_open_is_nobody_else_s_to_prune_or_to_adopt(kept):
    living = daily(kept, 20)
    other = kept.trail()
    assert other.prune(KEEP) == ()
    living.prune(KEEP)
    assert adopt(kept.audit, kept.store, now=kept.time.now()) == ()
    living.close()
    other.close()


def test_the_chain_of_a_process_that_was_killed_after_pruning_is_adopted_and_whole(kept, tmp_path):
    trail = daily(kept, 20)
    trail.prune(KEEP)
    left = tmp_path / "left"
    shutil.copytree(kept.audit, left)
    (found,) = adopt(left, kept.store, now=kept.time.now())
    assert found.finding is None
    lines = [line for one in chains(left) for line in one.lines()]
    closed = check(lines, trail.chain, kept.key(), kept.heads()[trail.chain])
    assert (closed.finding, closed.stopped, closed.unsigned) == (None, True, 0)
    trail._files.close()


@pytest.mark.parametrize("files", [1, 2, 5])
def test_files_that_somebody_removes_beyond_what_was_pruned_are_missed(kept, files):
    trail = daily(kept, 20)
    (done,) = trail.prune(KEEP)
    trail.close()
    (left,) = chains(kept.audit)
    for path in left.paths[:files]:
        path.unlink()
    found = verified(kept)[trail.chain].finding
    assert found is not None
    assert found.sequence == done.before


def test_a_chain_that_somebody_takes_away_is_missed_though_its_beginning_was_pruned(kept):
    trail = daily(kept, 20)
    trail.prune(KEEP)
    trail.close()
    for path in chains(kept.audit)[0].paths:
        path.unlink()
    assert "cut short" in verified(kept)[trail.chain].finding.sentence


def test_who_writes_into_the_store_that_a_chain_was_pruned_cannot_sign_for_it(kept):
    old = ended(kept)
    forged = Pruned(
        at=NOW,
        chain=old,
        before=9,
        previous="0" * 64,
        signed_before="",
        through=NOW,
        whole=True,
        key="1",
        signature="00" * 64,
    )
    assert digests.keep_pruned(kept.store, forged)
    for path in chains(kept.audit)[0].paths:
        path.unlink()
    assert "nobody who may signed" in verified(kept)[old].finding.sentence


def test_what_was_signed_for_one_chain_is_nothing_for_another(kept):
    first, second = ended(kept), ended(kept, 7)
    kept.time.passed = 30 * DAY
    trail = kept.trail()
    pruned = {one.chain: one for one in trail.prune(KEEP)}
    trail.close()
    head = msgspec.structs.replace(kept.heads()[second], pruned=pruned[first])
    assert check((), second, kept.key(), head).finding is not None


def test_a_chain_that_was_altered_is_not_pruned(kept):
    old = ended(kept)
    path = chains(kept.audit)[0].paths[0]
    path.write_bytes(path.read_bytes().replace(b"alice", b"carol", 1))
    kept.time.passed = 30 * DAY
    trail = kept.trail()
    assert trail.prune(KEEP) == ()
    trail.close()
    assert path.exists()
    assert verified(kept)[old].finding is not None


def test_killed_before_the_files_went_the_trail_is_whole_and_the_next_one_removes_them(kept, tmp_path):
    trail = daily(kept, 20)
    saved = tmp_path / "saved"
    shutil.copytree(kept.audit, saved)
    trail.prune(KEEP)
    trail.close()
    for path in saved.iterdir():
        if not (kept.audit / path.name).exists():
            shutil.copy(path, kept.audit / path.name)
    assert verified(kept)[trail.chain].finding is None
    following = kept.trail()
    assert all(one.chain != trail.chain for one in following.prune(KEEP))
    following.close()
    assert verified(kept)[trail.chain].finding is None
    assert not any((kept.audit / path.name).exists() for path in sorted(saved.iterdir())[:5])


def test_who_follows_the_trail_misses_nothing_when_files_go(kept):
    trail = daily(kept, 20)
    following = Following(kept.audit, Wanted())
    trail.prune(KEEP)
    trail.add(record(99, at=kept.time.now()), durable=True).wait()
    assert [one.request_id for one in following.take()] == ["request-99"]
    trail.close()


def test_another_process_may_remove_the_same_files_meanwhile(kept):
    old, later = ended(kept), ended(kept)
    kept.time.passed = 30 * DAY

    def first_come(pruned: Pruned) -> None:
        for one in chains(kept.audit):
            for path in one.paths:
                path.unlink()

    done = prune(kept.audit, kept.store, older_than=kept.time.now() - KEEP, now=kept.time.now(), note=first_come)
    assert [one.chain for one in done] == [sorted((old, later))[0]]
    assert verified(kept)[done[0].chain].finding is None
