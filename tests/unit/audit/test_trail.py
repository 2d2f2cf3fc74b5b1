"""Records become lines: durable when they must be, bounded, chained, signed, and lost only by count."""

from __future__ import annotations

import shutil
import stat
from itertools import count
from threading import Event, Thread, current_thread

import msgspec
import pytest
from tests.unit.audit.chained import record

from locum.audit.files import chains
from locum.audit.trail import KEEP, ROOM, SIGN, FileTrail, MemoryTrail, TrailError


def kinds(lines):
    return [msgspec.json.decode(line)["kind"] for line in lines]


def calls(lines):
    return [msgspec.json.decode(line)["request_id"] for line in lines if b'"kind":"call"' in line]


def test_a_durable_record_is_in_the_file_when_its_batch_is_done(kept):
    trail = kept.trail()
    batch = trail.add(record(1), durable=True)
    batch.wait()
    assert calls(kept.lines(trail.chain)) == ["request-1"]
    trail.close()


def test_a_record_that_need_not_be_durable_is_written_at_the_latest_when_the_trail_ends(kept):
    trail = kept.trail()
    assert trail.add(record(1), durable=False) is None
    trail.close()
    assert calls(kept.lines(trail.chain)) == ["request-1"]


def test_a_chain_starts_is_signed_stops_and_is_signed_again(kept):
    trail = kept.trail()
    trail.add(record(1), durable=True).wait()
    trail.close()
    assert kinds(kept.lines(trail.chain)) == ["start", "digest", "call", "stop", "digest"]


def test_the_callback_of_a_batch_is_called_once_and_at_once_when_the_batch_is_done_already(kept):
    trail, told = kept.trail(), []
    batch = trail.add(record(1), durable=True)
    batch.then(lambda: told.append("first"))
    batch.wait()
    trail.close()
    batch.then(lambda: told.append("second"))
    assert told == ["first", "second"]


def test_records_without_room_are_lost_and_the_chain_says_how_many(kept):
    trail = kept.trail(room=1)
    for number in range(7):
        trail.add(record(number), durable=False)
    trail.close()
    lost = [msgspec.json.decode(line)["count"] for line in kept.lines(trail.chain) if b'"kind":"lost"' in line]
    assert (trail.lost, sum(lost)) == (7, 7)


def test_a_durable_record_finds_room_where_others_do_not(kept):
    trail = kept.trail(room=1)
    trail.add(record(1), durable=False)
    trail.add(record(2), durable=True).wait()
    assert (calls(kept.lines(trail.chain)), trail.lost) == (["request-2"], 1)
    trail.close()


def test_a_disk_that_fails_is_final_and_nobody_is_told_that_a_record_stands(kept):
    trail = kept.trail(large=1)
    shutil.rmtree(kept.audit)  # the next file cannot be made
    batch = trail.add(record(1), durable=True)
    batch.wait()
    assert "cannot be written" in batch.failure
    with pytest.raises(TrailError, match="cannot be written"):
        trail.add(record(2), durable=True)
    assert trail.add(record(3), durable=False) is None
    assert trail.lost == 3


def test_a_closed_trail_takes_no_durable_record(kept):
    trail = kept.trail()
    trail.close()
    with pytest.raises(TrailError, match="closed"):
        trail.add(record(1), durable=True)


def test_a_digest_is_signed_when_a_minute_has_passed_and_not_before(kept):
    trail = kept.trail()
    trail.add(record(1), durable=True).wait()
    kept.time.passed = SIGN
    trail.add(record(2), durable=True).wait()
    trail.flush()
    assert kinds(kept.lines(trail.chain)) == ["start", "digest", "call", "call", "digest"]
    trail.close()


def test_the_store_learns_of_the_chain_at_its_start_each_hour_and_at_its_stop(kept):
    trail = kept.trail()
    places = [kept.heads()[trail.chain].sequence]
    kept.time.passed = KEEP - 1
    trail.add(record(1), durable=True).wait()
    trail.flush()
    places.append(kept.heads()[trail.chain].sequence)
    kept.time.passed = KEEP + SIGN
    trail.add(record(2), durable=True).wait()
    trail.flush()
    places.append(kept.heads()[trail.chain].sequence)
    trail.close()
    places.append(kept.heads()[trail.chain].sequence)
    assert places == [1, 1, 5, 7]
    assert kept.heads()[trail.chain].stopped


def test_each_process_has_a_chain_of_its_own_and_all_share_one_key(kept):
    one, other = kept.trail(), kept.trail()
    assert one.chain != other.chain
    for trail in (one, other):
        trail.close()
    assert [kept.check(kept.lines(trail.chain), trail.chain).finding for trail in (one, other)] == [None, None]


def test_a_large_file_is_followed_by_another_and_the_chain_goes_on(kept):
    trail = kept.trail(large=2_000)
    for number in range(20):
        trail.add(record(number), durable=True).wait()
    trail.close()
    [files] = chains(kept.audit)
    assert len(files.paths) > 1
    assert kept.check(list(files.lines()), trail.chain).finding is None


def test_files_and_directory_are_for_their_owner_alone(kept):
    trail = kept.trail()
    trail.close()
    [files] = chains(kept.audit)
    assert stat.S_IMODE(files.paths[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.audit.stat().st_mode) == 0o700


def test_an_unfinished_last_line_is_no_line(kept):
    trail = kept.trail()
    trail.close()
    [files] = chains(kept.audit)
    whole = list(files.lines())
    with files.paths[-1].open("ab") as file:
        file.write(b'{"sequence":9,"prev')
    assert list(files.lines()) == whole


def test_lines_can_be_read_from_where_one_stopped_even_in_the_next_file(kept):
    trail = kept.trail(large=1_000)
    for number in range(9):
        trail.add(record(number), durable=True).wait()
    trail.close()
    [files] = chains(kept.audit)
    every, read = list(files.lines()), 0
    for place, line in enumerate(every):
        assert next(files.lines(after=read)) == every[place]
        read += len(line) + 1
    assert list(files.lines(after=read)) == []


def test_a_trail_in_memory_forgets_the_oldest_by_number_and_by_octets():
    few, small = MemoryTrail(3), MemoryTrail(room=3 * len(record(1).octets()))
    for number in range(5):
        for trail in (few, small):
            assert trail.add(record(number), durable=True) is None
    assert calls(few.records()) == calls(small.records()) == ["request-2", "request-3", "request-4"]


def test_the_room_for_what_gathers_is_bounded():
    assert ROOM <= 1 << 26
    assert FileTrail.__init__.__kwdefaults__["room"] == ROOM


def test_a_trail_ends_though_somebody_writes_what_has_gathered_in_that_moment(kept):
    """Its thread has seen no end and does not sleep yet when it is woken to end, and another writes just then."""
    about_to_sleep, goes_on, asked = Event(), Event(), count()

    def seconds():
        if current_thread().name == "locum-audit" and next(asked) == 1:  # the first is asked whether to sign
            about_to_sleep.set()
            goes_on.wait()
            return -1e9  # whoever sleeps now sleeps for ever
        return 0.0

    trail = FileTrail(kept.audit, kept.store, seconds=seconds)
    trail.add(record(1), durable=True).wait()
    about_to_sleep.wait()
    ending = Thread(target=trail.close, daemon=True)
    ending.start()
    trail._something.wait()
    trail.flush()
    goes_on.set()
    ending.join(60)
    assert not ending.is_alive()


def test_whatever_fails_while_it_is_written_is_final_and_nobody_waits_for_ever(kept):
    trail = kept.trail()

    class Unwritable(list):
        def __iter__(self):
            raise MemoryError

    batch = trail.add(record(1), durable=True)
    batch.lines, told = Unwritable(batch.lines), Event()
    batch.then(told.set)
    batch.hurry()
    assert told.wait(60)
    assert batch.failure == trail.failure == "the audit trail cannot be written: MemoryError"
    with pytest.raises(TrailError):
        trail.add(record(2), durable=True)
    trail.close()
