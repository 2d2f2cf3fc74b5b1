"""One edit anywhere in a finished chain is found, and the first record that is not as it was written is named.

Each kind of edit has a control: a check that lacks what finds it (unsigned digests, no head in the store), which must
miss it. `LOCUM_AUDIT_EDITS` sets how many edits are tried, 400 unless given (10,000 in full), `LOCUM_AUDIT_RECORDS` in
a trail of how many records (2,000; 1,000,000 in full); a failure prints the seed. Each edit is tried alone.
"""

from __future__ import annotations

import os
import random
import time

import msgspec
import pytest
from tests.unit.audit.chained import record

from locum.audit.chain import Chain, hash_of, place_of
from locum.audit.verify import check

EDITS = int(os.environ.get("LOCUM_AUDIT_EDITS", "400"))
SEED = int(os.environ.get("LOCUM_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
CALLS = 120
RECORDS = int(os.environ.get("LOCUM_AUDIT_RECORDS", "2000"))
#: records of one of the chains of a long trail
CHAIN = 1_000


@pytest.fixture
def finished(kept):
    """A chain that was ended in order, with digests within: its lines and its id."""
    trail = kept.trail()
    for number in range(CALLS):
        trail.add(record(number), durable=True).wait()
        if number % 40 == 39:
            trail.sign()
    trail.close()
    return kept.lines(trail.chain), trail.chain


def chained_anew(lines):
    """The same lines as somebody writes them who can compute a hash but not sign: a chain that fits."""
    chain = Chain("")
    return [chain.add(b"{" + line.partition(b'",')[2])[:-1] for line in lines]


def altered(random_, line):
    """The line with one octet changed."""
    place = random_.randrange(len(line))
    return line[:place] + bytes([line[place] ^ (1 << random_.randrange(8))]) + line[place + 1 :]


def alter(random_, lines):
    place = random_.randrange(len(lines))
    return [*lines[:place], altered(random_, lines[place]), *lines[place + 1 :]], place


def delete(random_, lines):
    place = random_.randrange(len(lines))
    return [*lines[:place], *lines[place + 1 :]], place


def reorder(random_, lines):
    one, other = sorted(random_.sample(range(len(lines)), 2))
    moved = list(lines)
    moved[one], moved[other] = moved[other], moved[one]
    return moved, one


def truncate(random_, lines):
    place = random_.randrange(len(lines))
    return lines[:place], place


def insert(random_, lines):
    place = random_.randrange(1, len(lines))
    other = (place + random_.randrange(1, len(lines))) % len(lines)  # a line behind its like is no other place
    return [*lines[:place], lines[other], *lines[place:]], place


def test_a_chain_as_it_was_written_is_whole(kept, finished):
    lines, chain = finished
    found = kept.check(lines, chain)
    assert (found.finding, found.lines, found.unsigned, found.stopped) == (None, len(lines), 0, True)
    assert found.digests == 5


@pytest.mark.parametrize("edit", [alter, delete, reorder, truncate, insert])
def test_one_edit_is_found_and_the_first_bad_record_named(kept, finished, edit):
    lines, chain = finished
    key, head = kept.key(), kept.heads()[chain]
    random_ = random.Random(SEED)
    for _ in range(EDITS // 5):
        edited, place = edit(random_, lines)
        # an octet may become a newline: then the file has one line more
        edited = b"\n".join(edited).split(b"\n") if edited else edited
        finding = check(edited, chain, key, head).finding
        assert finding is not None, (SEED, edit.__name__, place)
        assert finding.sequence == place, (SEED, edit.__name__, place, finding.sentence)


def long_chain(kept, count):
    """An ended chain of that many calls, with a digest after every 250: its lines and its id."""
    trail = kept.trail()
    for number in range(1, count + 1):
        trail.add(record(number), durable=False)
        if number % 250 == 0:
            trail.flush()
            trail.sign()
    trail.close()
    assert trail.lost == 0
    return kept.lines(trail.chain), trail.chain


def missed(finished, key, head, turns):
    """Of so many edits, each tried alone, those that are not found or whose first bad record is not named."""
    lines, chain = finished
    random_, wrong = random.Random(f"{SEED} {chain}"), []
    for turn in range(turns):
        edit = (alter, delete, reorder, truncate, insert)[turn % 5]
        edited, place = edit(random_, lines)
        edited = b"\n".join(edited).split(b"\n") if edited else edited
        finding = check(edited, chain, key, head).finding
        if finding is None or finding.sequence != place:
            wrong.append((edit.__name__, place, finding))
    return wrong


def test_every_edit_in_a_long_trail_is_found_and_named(kept):
    print(f"seed {SEED}")
    chains, wrong, records = max(1, RECORDS // CHAIN), [], 0
    for _ in range(chains):
        finished = long_chain(kept, CHAIN)
        records += CHAIN
        wrong += missed(finished, kept.key(), kept.heads()[finished[1]], -(-EDITS // chains))
    print(f"{chains * -(-EDITS // chains)} edits in {records} records of {chains} chains: {len(wrong)} missed")
    assert wrong == []


def test_one_edit_in_one_long_chain_is_found_and_named(kept):
    lines, chain = long_chain(kept, RECORDS)
    key, head = kept.key(), kept.heads()[chain]
    began = time.perf_counter()
    assert check(lines, chain, key, head).finding is None
    whole = time.perf_counter() - began
    random_, wrong = random.Random(SEED), []
    for edit in (alter, delete, reorder, truncate, insert):
        edited, place = edit(random_, lines)
        edited = b"\n".join(edited).split(b"\n") if edit is alter else edited
        began = time.perf_counter()
        finding = check(edited, chain, key, head).finding
        print(f"{edit.__name__} at {place} of {len(lines)} lines: {time.perf_counter() - began:.2f} s")
        wrong += [] if finding is not None and finding.sequence == place else [(edit.__name__, place, finding)]
    print(f"{len(lines)} lines read as a whole in {whole:.2f} s")
    assert wrong == []


def test_of_several_bad_records_beside_each_other_the_first_is_named(kept, finished):
    lines, chain = finished
    for place in range(3, len(lines) - 4):
        edited = list(lines)
        for each in range(place, place + 3):
            edited[each] = lines[each].replace(b'"at":"2026', b'"at":"2025')
        assert kept.check(edited, chain).finding.sequence == place


def test_a_chain_that_was_computed_anew_is_found_by_its_digests(kept, finished):
    lines, chain = finished
    for place, line in enumerate(lines[5:40], 5):
        forged = chained_anew([*lines[:place], line.replace(b"alice", b"carol"), *lines[place + 1 :]])
        finding = kept.check(forged, chain).finding
        assert finding is not None
        assert finding.sequence <= place


def test_control_a_check_that_believes_every_signature_misses_it(kept, finished):
    class Believing:
        id = "1"

        def verifies(self, *_: object) -> bool:
            return True

    lines, chain = finished
    forged = chained_anew([line.replace(b"alice", b"carol") for line in lines])
    head = msgspec.structs.replace(kept.heads()[chain], hash=hash_of(forged[-1]))
    assert check(forged, chain, Believing(), head).finding is None
    assert check(forged, chain, kept.key(), head).finding is not None


def test_control_without_the_head_in_the_store_a_cut_behind_a_digest_is_missed(kept, finished):
    lines, chain = finished
    cut = next(place for place, line in enumerate(lines[3:], 3) if b'"kind":"digest"' in line) + 1
    older = msgspec.structs.replace(kept.heads()[chain], sequence=cut - 1, hash=hash_of(lines[cut - 1]), stopped=False)
    assert check(lines[:cut], chain, kept.key(), older).finding is None
    assert kept.check(lines[:cut], chain).finding.sequence == cut


def test_what_was_put_behind_the_end_is_found(kept, finished):
    lines, chain = finished
    grown = Chain(chain)
    grown.sequence, grown.previous = len(lines), hash_of(lines[-1])
    more = grown.add(record(1).octets())[:-1]
    finding = kept.check([*lines, more], chain).finding
    assert (finding.sequence, finding.sentence) == (len(lines), "it stands behind the end of the chain")


def test_a_chain_that_the_store_does_not_know_was_put_there(kept, finished):
    lines, chain = finished
    assert check(lines, chain, kept.key(), None).finding.sequence == 0


def test_a_whole_chain_that_is_gone_is_missed(kept, finished):
    _, chain = finished
    assert kept.check([], chain).finding.sequence == 0


def test_a_chain_of_another_name_is_found(kept, finished):
    lines, chain = finished
    other = kept.trail()
    other.close()
    assert kept.check(lines, other.chain).finding.sequence == 0
    assert kept.check(kept.lines(other.chain), chain).finding is not None


def test_a_digest_of_another_place_does_not_hold(kept, finished):
    lines, chain = finished
    places = [place for place, line in enumerate(lines) if b'"kind":"digest"' in line]
    moved = list(lines)
    moved[places[1]] = lines[places[2]]
    assert kept.check(chained_anew(moved), chain).finding is not None


def test_what_is_not_signed_yet_is_counted_and_is_no_finding(kept):
    trail = kept.trail()
    for number in range(3):
        trail.add(record(number), durable=True).wait()
    found = kept.check(kept.lines(trail.chain), trail.chain)
    assert (found.finding, found.unsigned, found.stopped) == (None, 3, False)
    trail.close()


def test_a_line_says_its_place_and_the_hash_of_the_one_before(finished):
    lines, _ = finished
    for place, line in enumerate(lines[1:], 1):
        assert place_of(line) == (place, hash_of(lines[place - 1]))
