"""Pages of what is no kind of its own."""

from __future__ import annotations

import random

import pytest

from locum.aws.faults import Refusal
from locum.iam.listing import answered, page_of


def pages(items: list[str], limit: int) -> list[list[str]]:
    found, marker = [], None
    while True:
        page = page_of(items, key=str, listing="here", marker=marker, limit=limit)
        found.append(list(page.items))
        marker = page.marker
        if marker is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 1000])
def test_the_pages_hold_every_item_once_and_in_order(limit: int) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    items = list({"".join(chance.choices("aé ~Ω", k=chance.choice((1, 5, 300)))) for _ in range(7)})
    assert [item for page in pages(items, limit) for item in page] == sorted(items)


def test_the_last_full_page_has_no_marker() -> None:
    assert pages(["a", "b"], 2) == [["a", "b"]]


def test_nothing_is_one_empty_page() -> None:
    assert pages([], 5) == [[]]


def test_a_marker_is_no_longer_than_aws_lets_it_be() -> None:
    page = page_of(["é" * 1000, "ü"], key=str, listing="here", marker=None, limit=1)
    assert page.marker is not None
    assert len(page.marker) <= 320


def test_an_item_that_came_between_two_pages_hides_no_other() -> None:
    first = page_of(["b", "d"], key=str, listing="here", marker=None, limit=1)
    second = page_of(["a", "b", "c", "d"], key=str, listing="here", marker=first.marker, limit=9)
    assert second.items == ("c", "d")


def test_a_marker_of_elsewhere_is_refused() -> None:
    first = page_of(["b", "d"], key=str, listing="there", marker=None, limit=1)
    with pytest.raises(Refusal) as caught:
        page_of(["b", "d"], key=str, listing="here", marker=first.marker, limit=1)
    assert caught.value.message == "Marker and Filter do not match"


def test_a_changed_marker_is_refused() -> None:
    marker = page_of(["b", "d"], key=str, listing="here", marker=None, limit=1).marker
    assert marker is not None
    with pytest.raises(Refusal):
        page_of(["b", "d"], key=str, listing="here", marker=marker[:-4] + "AAAA", limit=1)


def test_an_answer_says_that_nothing_follows() -> None:
    assert answered("Users", ["a"], None) == {"Users": ["a"], "IsTruncated": False}


def test_an_answer_says_how_to_go_on() -> None:
    assert answered("Users", ("a",), "m") == {"Users": ["a"], "IsTruncated": True, "Marker": "m"}
