"""What is counted is what was answered, in a form that Prometheus reads, with labels that no client chooses."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.served import ServedHouse, request
from tests.unit.server.asgi import application, asked

from locum.audit.trail import FileTrail
from locum.server.metrics import BOUNDS, CONTENT_TYPE, Gauge, Metrics
from locum.store.engine import open_store

LINE = re.compile(
    r'(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+)', re.ASCII
)


@pytest.fixture
def served():
    found = ServedHouse()
    yield found
    found.close()


def page(served, app):
    """The lines of the page of metrics."""
    plain = msgspec.structs.replace(request("sts:GetCallerIdentity"), method="GET", path="/_locum/metrics", body=b"")
    answer = asked(app, plain)
    assert (answer.status, dict(answer.headers)["Content-Type"]) == (200, CONTENT_TYPE)
    return answer.body.decode().splitlines()


def test_answers_are_counted_by_operation_and_outcome(served):
    app = application(served)
    for _ in range(2):
        asked(app, served.admin.signed(request("iam:ListUsers"), "iam"))
    asked(app, served.user("eve").signed(request("iam:ListUsers"), "iam"))
    asked(app, request("iam:ListUsers"))
    asked(app, request("iam:ListUsers", body=b"Action=Robot"))
    lines = page(served, app)
    assert 'locum_requests_total{operation="iam:ListUsers",outcome="allowed"} 2' in lines
    assert 'locum_requests_total{operation="iam:ListUsers",outcome="implicitDeny"} 1' in lines
    assert 'locum_denials_total{operation="iam:ListUsers",outcome="implicitDeny"} 1' in lines
    assert 'locum_requests_total{operation="iam:ListUsers",outcome="MissingAuthenticationToken"} 1' in lines
    assert 'locum_requests_total{operation="",outcome="InvalidAction"} 1' in lines
    assert 'locum_request_seconds_count{operation="iam:ListUsers"} 4' in lines


def test_the_state_of_trail_and_store_is_shown(served):
    lines = page(served, application(served))
    names = {line.split()[0] for line in lines if not line.startswith("#")}
    assert {"locum_audit_behind_seconds", "locum_audit_lost_total", "locum_audit_failed"} <= names
    assert {"locum_store_failed", "locum_store_generation"} <= names


def test_every_line_is_of_the_format(served):
    app = application(served)
    asked(app, served.admin.signed(request("iam:ListUsers"), "iam"))
    assert [line for line in page(served, app) if not LINE.fullmatch(line)] == []


def test_only_this_machine_reads_the_page(served):
    plain = msgspec.structs.replace(request("sts:GetCallerIdentity"), method="GET", path="/_locum/metrics", body=b"")
    assert asked(application(served), plain, client=("192.0.2.7", 50000)).status == 403


def test_what_a_client_sends_never_becomes_a_label(served):
    app = application(served)
    for word in ("Smuggled", "Robot"):
        asked(app, request("iam:ListUsers", body=f"Action={word}&Version=2010-05-08".encode()))
    assert not [line for line in page(served, app) if "Smuggled" in line or "Robot" in line]


def test_the_buckets_of_the_histogram_add_up():
    metrics = Metrics()
    for seconds in (0.0, BOUNDS[0], BOUNDS[3], 99.0):
        metrics.answered("iam:GetUser", "allowed", seconds)
    text = metrics.render().decode()
    assert 'bucket{operation="iam:GetUser",le="0.0005"} 2' in text
    assert 'bucket{operation="iam:GetUser",le="0.005"} 3' in text
    assert 'bucket{operation="iam:GetUser",le="2.5"} 3' in text
    assert 'bucket{operation="iam:GetUser",le="+Inf"} 4' in text


def test_a_label_s_value_is_escaped():
    [*_, line] = Gauge("name", "Meaning.", [((("label", 'a"b\\c\nd'),), 1)]).lines()
    assert line == 'name{label="a\\"b\\\\c\\nd"} 1'


def test_the_application_answers_with_a_trail_in_files(served, tmp_path):
    store = open_store(None)
    served.house.trail = FileTrail(tmp_path / "audit", store)
    app, role = application(served), served.role("app")
    body = request("sts:AssumeRole", {"RoleArn": role, "RoleSessionName": "session"})
    assert asked(app, served.admin.signed(body, "sts")).status == 200
    assert asked(app, served.admin.signed(request("iam:CreateUser", {"UserName": "bob"}), "iam")).status == 200
    served.house.trail.close()
    store.close()
