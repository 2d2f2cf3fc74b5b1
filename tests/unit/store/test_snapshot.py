"""The snapshot: true at one position, bounded, forgetful of what was touched (rule D8)."""

from __future__ import annotations

from locum.store.snapshot import DERIVED, Snapshot, by_id, by_name, generation, owned, sources, targets, touched


def kept(snapshot: Snapshot, key: tuple[str, ...]) -> object:
    return snapshot.present.get(key, snapshot.absent.get(key, "not kept"))


def test_an_answer_is_kept_only_at_the_position_it_was_read_at() -> None:
    snapshot = Snapshot(5)
    snapshot.keep(4, ("old",), "a")
    snapshot.keep(5, ("now",), "b")
    snapshot.keep(6, ("new",), "c")
    assert [kept(snapshot, (word,)) for word in ("old", "now", "new")] == ["not kept", "b", "not kept"]


def test_a_commit_evicts_what_it_touched_and_nothing_else() -> None:
    snapshot = Snapshot(1)
    for word, value in (("a", "x"), ("b", None), ("c", "z")):
        snapshot.keep(1, (word,), value)
    snapshot.moved(2, [("a",), ("b",)])
    assert [kept(snapshot, (word,)) for word in "abc"] == ["not kept", "not kept", "z"]
    assert snapshot.position == 2


def test_a_position_never_falls() -> None:
    snapshot = Snapshot(7)
    snapshot.moved(3, [])
    snapshot.forget(2)
    assert snapshot.position == 7


def test_a_flood_of_unknown_names_pushes_out_nothing_that_is_known() -> None:
    snapshot = Snapshot(0, present=4, absent=3)
    snapshot.keep(0, ("known",), "here")
    for number in range(1000):
        snapshot.keep(0, ("unknown", str(number)), None)
    assert (kept(snapshot, ("known",)), len(snapshot.absent)) == ("here", 3)


def test_what_is_known_is_bounded_and_the_oldest_goes_first() -> None:
    snapshot = Snapshot(0, present=3)
    for number in range(5):
        snapshot.keep(0, (str(number),), "x")
    assert list(snapshot.present) == [("2",), ("3",), ("4",)]


def test_a_very_long_question_is_answered_but_not_kept() -> None:
    snapshot = Snapshot(0)
    snapshot.keep(0, by_name("door", "1", "", "n" * 3000), None)
    assert snapshot.absent == {}


def test_what_is_derived_is_bounded_and_of_one_generation() -> None:
    snapshot = Snapshot(0)
    for number in range(DERIVED + 10):
        snapshot.keep_derived(0, "a", number, 1, "value")
    assert len(snapshot._derived) == DERIVED
    assert [snapshot.derived("a", DERIVED, generation) for generation in (1, 2)] == [("value",), None]


def test_a_rename_touches_both_names_and_a_move_both_owners() -> None:
    keys = set(touched("put", "door", "1", "ADOR", b'{"name":"Old","owner":"a"}', b'{"name":"new","owner":"b"}'))
    assert {
        by_name("door", "1", "a", "OLD"),
        by_name("door", "1", "b", "New"),
        owned("door", "a"),
        owned("door", "b"),
        by_id("door", "ADOR"),
        generation("1"),
    } <= keys


def test_a_link_touches_both_its_ends() -> None:
    for verb, documents in (("link", (None, b'{"target":"p"}')), ("unlink", (b'{"target":"p"}', None))):
        keys = set(touched(verb, "attachment", "1", "a", *documents))
        assert keys == {targets("attachment", "a"), sources("attachment", "1", "p"), generation("1")}
