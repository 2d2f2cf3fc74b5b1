"""A server is killed: every change and every issued credential that was acknowledged is on record (A1, xA1).

The next server closes the chain of the killed one, and what is cut off it afterwards is found. `LOCUM_AUDIT_CALLS` sets
how many calls are made under kill -9 (100,000 in full), `LOCUM_SEED` replays the moments as far as schedulers can. The
control is a server whose answers do not wait for their records.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Semaphore

import msgspec
from tests.journeys import faulty
from tests.journeys.clients import Key, boto
from tests.journeys.served import COMMAND, PATIENCE, Served, bare_environment
from tests.journeys.test_revocations import Node, node, taker

from locum.audit.files import chains

TRIES = 30
CALLS = int(os.environ.get("LOCUM_AUDIT_CALLS", "200"))
SEED = int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))
WRITERS = 6
#: a server is killed after at most so many acknowledgements
LIFE = min(2_000, max(2, CALLS // 2))


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


def until_killed(place: Node, taking: Key, role: str, prefix: str, told: Semaphore) -> list[str]:
    """One client's calls until the server is gone: changes, new credentials, and reads in between. The ids of those
    that were acknowledged and must be on record."""
    arn = f"arn:aws:iam::{place.account}:role/{role}"
    acknowledged: list[str] = []

    def done(key: Key, service: str, action: str, **inputs: str) -> None:
        acknowledged.append(place.wire.done(key, service, action, **inputs)["RequestId"])
        told.release()

    try:
        for number in count():
            name = f"{prefix}-{number}"
            done(place.root, "iam", "CreateUser", UserName=name)
            done(taking, "sts", "AssumeRole", RoleArn=arn, RoleSessionName=name)
            place.wire.done(taking, "sts", "GetCallerIdentity")
            done(place.root, "iam", "CreateAccessKey", UserName=name)
            keys = {"Tags.member.1.Key": "made", "Tags.member.1.Value": name}
            done(place.root, "iam", "TagUser", UserName=name, **keys)
    except (OSError, http.client.HTTPException):
        return acknowledged  # the server is gone; what was under way is open


def killed_under_load(directory: Path, after: int, *, command: Sequence[str] = (str(COMMAND),)) -> set[str]:
    """A server's life, which ends after so many acknowledgements: the ids of the acknowledged calls."""
    told = Semaphore(0)
    with node(directory, command=command) as place:
        taking, role = taker(place), place.new_role()
        with ThreadPoolExecutor(WRITERS) as pool:
            lives = [pool.submit(until_killed, place, taking, role, f"w{number}", told) for number in range(WRITERS)]
            for _ in range(after):
                assert told.acquire(timeout=PATIENCE), place.server.errors()
            place.server.kill()
            return {id for life in lives for id in life.result()}


def recorded(directory: Path) -> set[str]:
    """The ids of the calls on record."""
    lines = (line for chain in chains(directory / "audit") for line in chain.lines())
    records = (msgspec.json.decode(line) for line in lines if b'"kind":"call"' in line)
    return {record["request_id"] for record in records if record["outcome"] == "allowed"}


def test_every_acknowledged_change_and_credential_is_on_record_after_a_kill(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    acknowledged = kills = 0
    while acknowledged < CALLS:
        directory = tmp_path / str(kills)
        ids = killed_under_load(directory, chance.randrange(LIFE // 2, LIFE))
        assert ids - recorded(directory) == set()
        assert verified(directory)[0] == 0
        acknowledged += len(ids)
        kills += 1
    print(f"seed {SEED}: {kills} kills, {acknowledged} acknowledged changes and credentials, none without its record")


def test_control_a_server_that_answers_before_it_records_is_found(tmp_path: Path) -> None:
    missing: set[str] = set()
    for turn in range(3):  # one kill may fall upon the moment at which records were just written
        directory = tmp_path / str(turn)
        missing |= killed_under_load(directory, 60, command=faulty.command("unrecorded")) - recorded(directory)
    assert missing != set()
