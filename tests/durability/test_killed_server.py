"""A served Locum is killed under eight clients: nothing acknowledged is lost, nothing is half there (xR1).

`LOCUM_SERVER_KILLS` sets how often (4 by default), `LOCUM_SEED` replays the moments as far as two schedulers can. The
control forgets one acknowledged change in the store, and is found out by the same look.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from tests.durability.writers import BOUNDARY, Told, Writer
from tests.journeys.served import Served

from locum.iam.access_keys import SECRET as COLUMN
from locum.iam.access_keys import AccessKey
from locum.iam.entities import User
from locum.iam.inline import InlinePolicy
from locum.store import masterkey
from locum.store.engine import open_store
from locum.store.entity import Relation
from locum.store.tx import Tx

SEED = int(os.environ.get("LOCUM_SEED") or random.randrange(1 << 32))
KILLS = int(os.environ.get("LOCUM_SERVER_KILLS", "4"))
WRITERS = 8
#: kills of one data directory, so that the account's quota of users is not met
KILLS_OF_ONE = 25


def serve(directory: Path) -> Served:
    """`locum serve` on that data directory."""
    return Served("serve", "--data-dir", str(directory), "--port", "0")


def killed(directory: Path, prefix: str, told: Told, chance: random.Random) -> int:
    """A server's whole life: it starts, answers eight clients, and is killed after some acknowledgement; how many."""
    server = serve(directory)
    root = json.loads((directory / "root-key.json").read_text())
    url = urllib.parse.urlsplit(server.url)
    assert url.hostname is not None
    assert url.port is not None
    key = (root["AccessKeyId"], root["SecretAccessKey"])
    writers = [
        Writer(url.hostname, url.port, key, f"{prefix}-{number}", told, chance.randrange(1 << 32))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(1, 150)):
        assert told.each.acquire(timeout=60), server.errors()
    server.kill()
    for writer in writers:
        writer.join()
    return sum(writer.told for writer in writers)


def amiss(directory: Path, told: Told) -> list[str]:
    """What is lost or half there in a data directory, by what the clients were told."""
    account = json.loads((directory / "root-key.json").read_text())["AccountId"]
    store = open_store(directory / "locum.db", masterkey.read_file(directory / "master.key"))
    try:
        found = store.read(lambda tx: list(_amiss(tx, account, told)))
    finally:
        store.close()
    raw = sqlite3.connect(directory / "locum.db")
    found += [line for (line,) in raw.execute("PRAGMA integrity_check") if line != "ok"]
    lines = raw.execute("SELECT count(*), max(position) FROM change").fetchone()
    raw.close()
    return found + ([f"the log has gaps: {lines}"] if lines[0] != lines[1] else [])


def _amiss(tx: Tx, account: str, told: Told) -> Iterator[str]:
    there = {user.name: user for user in tx.page(User, account, limit=1_000_000).items}
    for name, state in told.state.items():
        if name in told.open:
            continue
        user = there.get(name)
        if (user is None) != (state == "gone"):
            yield f"`{name}` was told to be `{state}` and is {'lost' if user is None else 'there'}"
        elif user is not None:
            policies = [one.name for one in tx.owned(InlinePolicy, user.id)]
            keys = [one.id for one in tx.owned(AccessKey, user.id)]
            if policies != (["own"] if state in ("policy", "key") else []) or (state == "key") != bool(keys):
                yield f"`{name}` was told to be `{state}` and has {policies} and {keys}"
            if keys and keys != [told.keys[name]]:
                yield f"`{name}` has another key than it was told"
    for name, user in there.items():
        if user.tags == () or tx.targets(Relation.BOUNDARY, user.id) != (BOUNDARY,):
            yield f"`{name}` is half there"
        for key in tx.owned(AccessKey, user.id):
            if not tx.secret(key, COLUMN).reveal():
                yield f"the key of `{name}` is half there"


def test_a_killed_server_has_lost_nothing_that_was_acknowledged_and_starts_again(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    acknowledged = 0
    for number in range(KILLS):
        if number % KILLS_OF_ONE == 0:
            told, directory = Told.nothing(), tmp_path / str(number)
        acknowledged += killed(directory, f"u{number}", told, chance)
        assert told.refused == []
        assert amiss(directory, told) == []
    with serve(directory) as again:
        assert again.first_line.startswith("locum serves")
    print(f"seed {SEED}: {KILLS} kills, {acknowledged} changes acknowledged, none lost")


def test_control_a_lost_change_is_found(tmp_path: Path) -> None:
    told = Told.nothing()
    killed(tmp_path, "u", told, random.Random(SEED))
    name = next(name for name, state in told.state.items() if state != "gone" and name not in told.open)
    with sqlite3.connect(tmp_path / "locum.db") as raw:
        raw.execute("DELETE FROM entity WHERE kind = 'user' AND name = ?", (name,))
    raw.close()
    assert any(f"`{name}` was told" in line for line in amiss(tmp_path, told))
