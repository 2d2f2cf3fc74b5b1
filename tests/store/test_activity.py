"""What was used when: answered at once, written later, bounded, never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from tests.store.nouns import MASTER_KEY, NOW

from locum.store.activity import SUBJECTS, Activities, _wake
from locum.store.engine import open_store
from locum.store.use import Use


@pytest.fixture(params=["file", "memory"])
def activities(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Activities]:
    opened = Activities(tmp_path / "activity.db" if request.param == "file" else None)
    yield opened
    opened.close()


def use(seconds: int, service: str = "iam") -> Use:
    return Use(NOW + timedelta(seconds=seconds), service, "us-east-1")


def test_a_use_is_answered_before_and_after_it_is_written(activities: Activities) -> None:
    assert activities.last_used("AKIA") is None
    activities.used("AKIA", use(1))
    before = activities.last_used("AKIA")
    activities.flush()
    assert (before, activities.last_used("AKIA")) == (use(1), use(1))


def test_the_latest_use_counts(activities: Activities) -> None:
    for seconds in (1, 2):
        activities.used("AKIA", use(seconds))
        activities.flush()
    activities.used("AKIA", use(3, "sts"))
    seen = [activities.last_used("AKIA")]
    activities.flush()
    assert [*seen, activities.last_used("AKIA")] == [use(3, "sts")] * 2


def test_a_use_of_long_ago_that_arrives_late_does_not_count(activities: Activities) -> None:
    for seconds in (2, 1):
        activities.used("AKIA", use(seconds))
        activities.flush()
    assert activities.last_used("AKIA") == use(2)


def test_what_finds_no_room_is_counted_as_lost(activities: Activities) -> None:
    with activities._disk:  # nothing can be written now
        for number in range(SUBJECTS + 2):
            activities.used(str(number), use(1))
        assert activities.lost == 2
        assert len(activities._gathered) <= SUBJECTS


def test_uses_of_many_threads_are_all_written(activities: Activities) -> None:
    def client(number: int) -> None:
        for turn in range(200):
            activities.used(f"{number}-{turn}", use(turn))

    threads = [Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    activities.flush()
    assert all(activities.last_used(f"{n}-{t}") == use(t) for n in range(8) for t in range(200))


def test_a_store_brings_its_activity_back(path: Path) -> None:
    store = open_store(path, MASTER_KEY, mode="serve")
    store.activity.used("AROA", use(5))
    store.close()
    store = open_store(path, MASTER_KEY, mode="serve")
    assert store.activity.last_used("AROA") == use(5)
    store.close()


def test_what_a_subject_did_is_told_before_and_after_it_is_written(activities: Activities) -> None:
    activities.used("AIDA iam:GetUser", use(1))
    activities.used("AIDAX iam:GetUser", use(2))
    activities.used("AIDA", use(3))
    before = activities.uses_by("AIDA")
    activities.flush()
    activities.used("AIDA iam:GetRole", use(4))
    assert before == {"iam:GetUser": use(1)}
    assert activities.uses_by("AIDA") == {"iam:GetUser": use(1), "iam:GetRole": use(4)}
    assert activities.uses_by("A") == {}


def test_deeds_are_forgotten_after_400_days_and_the_last_use_of_a_key_is_not(activities: Activities) -> None:
    day = 24 * 3600
    for subject in ("AIDA iam:GetUser", "AKIA"):
        activities.used(subject, use(0))
    activities.used("AIDA iam:GetRole", use(day))
    activities.flush()
    activities.used("AIDA iam:ListUsers", use(400 * day + 1))
    activities.flush()
    assert set(activities.uses_by("AIDA")) == {"iam:GetRole", "iam:ListUsers"}
    assert activities.last_used("AKIA") == use(0)


def test_what_woke_the_thread_to_end_is_not_taken_back() -> None:
    """Somebody else writes what has gathered between the waking and the moment in which the thread would sleep."""
    activities = Activities(None)
    _wake(activities._stop, activities._something)
    activities.flush()
    assert activities._something.is_set()
    activities.close()
