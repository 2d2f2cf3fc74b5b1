"""Logs: one JSON object a line, exceptions included, and libraries that could repeat a request kept quiet."""

from __future__ import annotations

import io
import logging

import msgspec
import pytest

from locum.server.logs import QUIET, configure


@pytest.fixture
def lines():
    """The lines that were logged since, as JSON, at level debug."""
    root, stream = logging.getLogger(), io.StringIO()
    level, handlers = root.level, list(root.handlers)
    configure("json", "debug", stream=stream)
    yield lambda: [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_one_json_object_even_when_its_message_is_not_one_line(lines):
    logging.getLogger("locum.test").error("two\nlines of %s", "text")
    [line] = lines()
    assert (line["level"], line["logger"], line["message"]) == ("error", "locum.test", "two\nlines of text")


def test_an_exception_is_told_with_where_it_came_from(lines):
    try:
        raise ValueError("seen")
    except ValueError:
        logging.getLogger("locum.test").exception("it failed")
    assert "ValueError: seen" in lines()[0]["exception"]


def test_libraries_that_could_repeat_a_request_say_nothing_below_a_warning(lines):
    for name in QUIET:
        logging.getLogger(name).info("headers: secret")
    assert lines() == []


def test_the_last_configuration_counts():
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    first, second = io.StringIO(), io.StringIO()
    configure("plain", "warning", stream=first)
    configure("plain", "warning", stream=second)
    logging.getLogger("locum.test").warning("once")
    logging.getLogger("locum.test").info("never")
    root.handlers[:] = handlers
    root.setLevel(level)
    assert (first.getvalue(), second.getvalue()) == ("", "WARNING locum.test: once\n")
