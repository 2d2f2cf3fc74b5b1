"""The AWS SDK for JavaScript, version 3, tells the story with its own signer, parser and credential provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.clients import javascript
from tests.journeys.served import Served

STORY = Path(__file__).with_name("javascript") / "guide.mjs"


@pytest.fixture(scope="module")
def seen(dev_server: Served) -> dict[str, Any]:
    """What the module saw on a fresh server."""
    dev_server.own("reset")
    return javascript(STORY, dev_server.url)


def test_the_administrator_is_who_the_server_says(seen):
    assert seen["me"] == "arn:aws:iam::111111111111:user/admin"


def test_temporary_credentials_speak_as_the_role(seen):
    assert seen["session"] == "arn:aws:sts::111111111111:assumed-role/reader/from-javascript"
    assert "reader" in seen["roles"]


def test_the_paginator_walks_every_page(seen):
    assert seen["paged"] == [["a", "b"], ["c"]]


def test_times_and_tags_come_back_as_they_were_meant(seen):
    assert seen["createdIsDate"] is True
    assert seen["tag"] == "größe"


def test_a_denial_has_awss_name_status_and_sentence(seen):
    assert seen["denied"]["name"] == "AccessDenied"
    assert seen["denied"]["status"] == 403
    assert seen["denied"]["message"] == (
        "User: arn:aws:sts::111111111111:assumed-role/reader/from-javascript is not authorized to perform: "
        "iam:ListUsers on resource: arn:aws:iam::111111111111:user/ because no identity-based policy allows the "
        "iam:ListUsers action"
    )


def test_an_absent_role_is_the_sdks_own_exception(seen):
    assert seen["absent"]["name"] == "NoSuchEntityException"
    assert seen["absent"]["status"] == 404


def test_a_wrong_secret_is_refused(seen):
    assert seen["wrongSecret"]["name"] == "SignatureDoesNotMatch"
