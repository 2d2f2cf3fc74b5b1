"""What docs/start.md shows is so: its Python lines run, its policies and requests do what the page says."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.clients import ADMIN, AwsCli, Key, aws_command, boto
from tests.journeys.served import COMMAND, bare_environment

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "start.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:5628"


def section(number: int) -> str:
    """The text of a section, by its number."""
    return re.split(r"^## \d ", PAGE, flags=re.MULTILINE | re.ASCII)[number]


def commands(number: int, program: str) -> list[list[str]]:
    """The commands of a section that start with `program`, as their arguments."""
    text = "\n".join(re.findall(r"^```\n(.*?)^```", section(number), flags=re.MULTILINE | re.DOTALL | re.ASCII))
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.startswith(f"{program} ")]


def test_the_lines_for_a_test_suite_start_a_server_and_reach_it():
    block = re.search(r"^```python\n(.*?)^```", section(5), flags=re.MULTILINE | re.DOTALL | re.ASCII)[1]
    ending = "\nprint([user['UserName'] for user in iam.list_users()['Users']])\nserver.terminate()\nserver.wait(30)\n"
    ran = subprocess.run(
        [sys.executable, "-c", block + ending],
        env=bare_environment(PATH=os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "['admin']\n"), ran.stderr


@pytest.fixture
def alice(locum) -> Key:
    """Alice, after the commands of the second section."""
    admin = AwsCli(locum.url, ADMIN)
    made = [admin(*command[1:]) for command in commands(2, "aws")]
    return Key.of(made[-1]["AccessKey"])


def test_the_page_leads_from_a_denial_to_a_session_and_to_its_end(locum, alice):
    assert "AccessDenied" in AwsCli(locum.url, alice).refused("iam", "list-roles")
    denied = subprocess.run(
        [word.replace(ADDRESS, locum.url) for word in commands(2, "curl")[0]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "iam:ListRoles" in denied.stdout

    admin, steps = AwsCli(locum.url, ADMIN), commands(3, "aws")
    for command in steps[:2]:
        admin(*command[1:])
    session = AwsCli(locum.url, Key.of(AwsCli(locum.url, alice)(*steps[2][1:])["Credentials"]))
    assert session("sts", "get-caller-identity")["Arn"].endswith(":assumed-role/admin-task-role/TriageSession")
    assert session("iam", "list-roles")["Roles"]

    moved = [word.replace(ADDRESS, locum.url) for word in commands(4, "curl")[0]]
    subprocess.run(moved, capture_output=True, check=True)
    assert "ExpiredToken" in session.refused(*commands(4, "aws")[0][1:])


def script(number: int) -> str:
    """Everything that a section shows to be typed, in its order."""
    return "\n".join(re.findall(r"^```\n(.*?)^```", section(number), flags=re.MULTILINE | re.DOTALL | re.ASCII))


def test_the_real_server_is_led_from_root_to_a_role_and_back_as_typed(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve, _, rest = script(7).replace("5629", str(port)).partition("&\n")
    ready = f"until curl -sf http://127.0.0.1:{port}/_locum/health >&2; do kill -0 $server; done"
    kept = {name: value for name, value in bare_environment().items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(aws_command().parent), str(COMMAND.parent), os.environ["PATH"]])
    ran = subprocess.run(
        ["bash", "-c", f"set -e\n{serve} >&2 &\nserver=$!\ntrap 'kill $server; wait $server' EXIT\n{ready}\n{rest}"],
        cwd=tmp_path,
        env=kept | {"PATH": path, "HOME": str(tmp_path), "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ":assumed-role/admin/" in ran.stdout, ran.stderr
    assert '"UserName": "alice"' in ran.stdout.rpartition(":assumed-role/admin/")[2]
    assert re.search(r"root's new access key of account [0-9]{12} is in locum-data/root-key-", ran.stdout, re.ASCII)
    assert ran.stdout.rstrip().endswith("replaced: none")  # root's first key was deleted
    assert not (tmp_path / "locum-data" / "root-key.json").exists()


def test_the_key_of_the_page_is_the_administrators(locum):
    assert boto("sts", locum.url).get_caller_identity()["Arn"] == "arn:aws:iam::111111111111:user/admin"
