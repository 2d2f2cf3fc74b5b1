"""A server is killed, the next one closes its audit chain, and what is cut off it afterwards is found."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.journeys.clients import Key, boto
from tests.journeys.served import COMMAND, PATIENCE, Served, bare_environment

TRIES = 30


def serve(directory: Path) -> Served:
    """`locum serve` on that data directory."""
    return Served("serve", "--data-dir", str(directory), "--port", "0")


def verified(directory: Path) -> tuple[int, str]:
    """The status and the last line of `locum audit verify`."""
    ran = subprocess.run(
        [str(COMMAND), "audit", "verify", "--data-dir", str(directory)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=bare_environment(),
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()[-1]


def test_the_end_of_a_killed_servers_trail_is_signed_by_the_next_one_and_a_cut_is_found(tmp_path):
    with serve(tmp_path) as server:
        iam = boto("iam", server.url, Key.of(json.loads((tmp_path / "root-key.json").read_text())))
        for number in range(8):
            iam.create_user(UserName=f"user-{number}")
        server.kill()
    status, said = verified(tmp_path)
    assert status == 0
    assert "whole as far as it is signed; 8 lines are not signed yet, 1 chain is open" in said
    first = next((tmp_path / "audit").glob("*.000001.jsonl"))
    with serve(tmp_path) as server:
        for _ in range(TRIES):
            status, said = verified(tmp_path)
            if "; 0 lines are not signed yet, 1 chain is open" in said:
                break
        assert "; 0 lines are not signed yet, 1 chain is open" in said
        assert server.stop() == 0
    assert verified(tmp_path)[1].startswith("the audit trail is whole: ")
    closing = first.with_name(first.name.replace(".000001.", ".000002."))
    closing.unlink()
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-5]))
    status, said = verified(tmp_path)
    assert status == 1
    assert "1 of 2 chains are not as they were written" in said
