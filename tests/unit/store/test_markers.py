"""Markers: continue the listing they were made for, and are refused for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locum.aws.faults import Refusal
from locum.store import markers

KEY, LISTING, PLACE = b"k" * 32, ("iam:ListRoles", "role", "111122223333", "/"), ("front", "")


def refused(marker: str, listing: tuple[str, ...] = LISTING, key: bytes = KEY) -> bool:
    try:
        markers.parse(key, listing, marker)
    except Refusal as refusal:
        return (refusal.code, refusal.message) == ("ValidationError", "Marker and Filter do not match")
    return False


@given(st.text(max_size=40).filter(lambda text: "\0" not in text), st.text(max_size=10))
def test_a_marker_brings_its_place_back(name: str, owner: str) -> None:
    marker = markers.render(KEY, LISTING, (name, owner))
    assert marker is not None
    assert markers.parse(KEY, LISTING, marker) == (name, owner)


@given(st.text())
def test_a_marker_that_was_made_up_is_refused(marker: str) -> None:
    assert refused(marker)


def test_a_marker_is_refused_with_any_character_changed_or_cut_off() -> None:
    marker = markers.render(KEY, LISTING, PLACE)
    assert marker is not None
    assert not refused(marker)
    for place in range(len(marker)):
        assert refused(marker[:place] + ("A" if marker[place] != "A" else "B") + marker[place + 1 :])
        assert refused(marker[:place])
    assert refused(marker + "A")


@pytest.mark.parametrize("place", range(len(LISTING)))
def test_a_marker_of_another_listing_or_another_store_is_refused(place: int) -> None:
    marker = markers.render(KEY, LISTING, PLACE)
    assert marker is not None
    assert refused(marker, (*LISTING[:place], LISTING[place] + "x", *LISTING[place + 1 :]))
    assert refused(marker, key=b"j" * 32)


def test_parts_of_a_listing_do_not_run_together() -> None:
    marker = markers.render(KEY, ("ab", "c"), PLACE)
    assert marker is not None
    assert refused(marker, ("a", "bc"))


def test_a_marker_has_320_characters_at_most() -> None:
    longest = markers.render(KEY, LISTING, ("n" * 227, ""))
    assert longest is not None
    assert len(longest) == 320
    assert markers.render(KEY, LISTING, ("n" * 228, "")) is None
    assert refused("A" * 321)
