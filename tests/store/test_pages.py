"""Pages: every item once, in the order of names without case, continued by markers that belong to one listing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.nouns import ACCOUNT, OTHER, Door, Lock, add, door, lock, write

from locum.aws.faults import Refusal
from locum.store.engine import SqlStore


def walked(store: SqlStore, limit: int, **selection: Any) -> tuple[list[str], list[int]]:
    """(names in order, sizes of the pages) of a whole listing of doors."""
    names: list[str] = []
    sizes: list[int] = []
    marker = None
    while True:
        page = store.read(lambda tx, m=marker: tx.page(Door, ACCOUNT, limit=limit, marker=m, **selection))
        names += [item.name for item in page.items]
        sizes.append(len(page.items))
        marker = page.marker
        if marker is None:
            return names, sizes


def test_pages_hold_every_item_once_in_the_order_of_names_without_case(store: SqlStore) -> None:
    add(store, *(door(name) for name in ("b", "C", "a", "E", "d")), door("x", account=OTHER))
    assert walked(store, 2) == (["a", "b", "C", "d", "E"], [2, 2, 1])


def test_a_page_that_is_just_full_has_no_marker(store: SqlStore) -> None:
    add(store, door("a"), door("b"))
    assert walked(store, 2) == (["a", "b"], [2])


def test_a_path_prefix_selects_with_regard_to_case_and_wildcards_are_letters(store: SqlStore) -> None:
    add(store, door("a", path="/x/"), door("b", path="/x/y/"), door("c", path="/X/"), door("d", path="/%/"))
    assert [walked(store, 1, path_prefix=prefix)[0] for prefix in ("/x/", "/x/y", "/%", "/")] == [
        ["a", "b"],
        ["b"],
        ["d"],
        ["a", "b", "c", "d"],
    ]


def test_what_is_removed_or_added_behind_a_marker_shifts_nothing(store: SqlStore) -> None:
    add(store, *(door(name) for name in "abdef"))
    first = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=2))
    write(store, lambda tx: tx.remove(door("b")))
    add(store, door("a2"), door("c"))
    second = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=2, marker=first.marker))
    assert [item.name for item in second.items] == ["c", "d"]


def test_the_items_of_every_owner_make_one_listing(store: SqlStore) -> None:
    front, back = door("front"), door("back")
    add(store, front, back, lock("same", front), lock("same", back), lock("other", back))
    owners, marker = [], None
    while True:
        page = store.read(lambda tx, m=marker: tx.page(Lock, ACCOUNT, owner=None, limit=1, marker=m))
        owners += [(item.name, item.owner) for item in page.items]
        marker = page.marker
        if marker is None:
            break
    assert owners == [("other", back.id), ("same", back.id), ("same", front.id)]


def test_counts_are_of_one_owner_or_of_all(store: SqlStore) -> None:
    front = door("front")
    add(store, front, lock("a", front), lock("b", front), lock("a", door("back")))
    counts = store.read(
        lambda tx: (
            tx.count(Lock, ACCOUNT),
            tx.count(Lock, ACCOUNT, owner=front.id),
            tx.count(Lock, ACCOUNT, owner=None),
            tx.count(Door, OTHER),
        )
    )
    assert counts == (0, 2, 3, 0)


@pytest.mark.parametrize(
    "selection",
    [
        {"listing": "iam:ListOther"},
        {"path_prefix": "/x/"},
        {"owner": None},
        {"owner": "ADOR"},
    ],
)
def test_a_marker_of_another_listing_is_refused(store: SqlStore, selection: dict[str, Any]) -> None:
    add(store, door("a"), door("b"))
    marker = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=1, listing="iam:List")).marker
    with pytest.raises(Refusal) as refused:
        store.read(lambda tx: tx.page(Door, ACCOUNT, marker=marker, **{"listing": "iam:List", **selection}))
    assert (refused.value.code, refused.value.message) == ("ValidationError", "Marker and Filter do not match")


def test_a_marker_of_another_account_or_kind_is_refused(store: SqlStore) -> None:
    add(store, door("a"), door("b"))
    marker = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=1)).marker
    for kind, account in ((Door, OTHER), (Lock, ACCOUNT)):
        with pytest.raises(Refusal, match="do not match"):
            store.read(lambda tx, k=kind, a=account: tx.page(k, a, marker=marker))


def test_a_long_name_fits_into_a_marker(store: SqlStore) -> None:
    add(store, door("n" * 226), door("o"))
    page = store.read(lambda tx: tx.page(Door, ACCOUNT, limit=1))
    assert page.marker is not None
    assert len(page.marker) <= 320
    assert [d.name for d in store.read(lambda tx: tx.page(Door, ACCOUNT, marker=page.marker)).items] == ["o"]
