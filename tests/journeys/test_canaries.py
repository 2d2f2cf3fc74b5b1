"""No secret is in a file of a running or ended server, in its backup, in what it says, or in a core (xK1, xK6, xT9).

Canaries are the secrets that clients were shown and no one else: access keys, seeds of MFA devices, sessions with their
tokens; and those that nobody is shown: the roots of token keys. The server logs at debug. Two files hold a secret by
design and are not searched: the master key's and root's first key's. `LOCUM_CANARIES` sets how many there are (1,000 in
full). The controls are a server that seals nothing, one that says a secret, and one that may leave a core.
"""

from __future__ import annotations

import base64
import os
import resource
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.journeys import faulty
from tests.journeys.clients import Key
from tests.journeys.served import COMMAND, PATIENCE, bare_environment
from tests.journeys.test_revocations import Node, node, taker

CANARIES = int(os.environ.get("LOCUM_CANARIES", "40"))
BY_DESIGN = {"master.key", "root-key.json"}
#: kinds of canaries: each user has two keys, and with each comes a device and a session, which is a secret and a token
EACH = 5


def octets_of(text: str) -> Iterator[bytes]:
    """The octets that a secret is: its characters, and what they stand for."""
    yield text.encode()
    for read in (bytes.fromhex, base64.b32decode, base64.b64decode):
        with suppress(ValueError):
            yield read(text)


def spellings(text: str) -> set[bytes]:
    """How a secret may stand in a file: as it is, in hexadecimal, in base64 at each of three places."""
    found = set()
    for octets in octets_of(text):
        if len(octets) >= 16:
            found |= {octets, octets.hex().encode(), octets.hex().upper().encode()}
            found |= {base64.b64encode(b"x" * shift + octets)[4:-4] for shift in range(3)}
    return found


def hits(canaries: Iterable[str], octets: bytes) -> int:
    """How many of the canaries are there."""
    return sum(any(spelling in octets for spelling in spellings(canary)) for canary in canaries)


def planted(place: Node, count: int) -> list[str]:
    """That many secrets, each of them known to whom it was shown."""
    canaries: list[str] = []
    user, role = taker(place), place.new_role()
    while len(canaries) < count:
        name, key = place.new_user()
        second = place.iam("CreateAccessKey", UserName=name)
        device = place.iam("CreateVirtualMFADevice", VirtualMFADeviceName=f"{name}-phone")
        seed = base64.b64decode(device["Base32StringSeed"]).decode()
        session = place.session(role, user)
        assert session.token is not None
        canaries += [key.secret, second["SecretAccessKey"], seed, session.secret, session.token]
        # used well, used with a secret that is almost right, and sent where no secret belongs
        place.wire.done(session, "sts", "GetCallerIdentity")
        place.wire.ask(Key(key.id, "x" + key.secret[1:]), "sts", "GetCallerIdentity")
        place.wire.ask(key, "iam", "ChangePassword", OldPassword=f"old-{key.secret}", NewPassword=f"new-{key.secret}")
    return canaries


def roots(place: Node) -> list[str]:
    """What session tokens are sealed with."""
    return [key.root.reveal() for key in place.store.token_keys() if key.root is not None]


def written(directory: Path) -> bytes:
    """Everything in a data directory, besides what is a secret by design."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file() and path.name not in BY_DESIGN]
    return b"\n".join(path.read_bytes() for path in files)


def backed_up(directory: Path, folder: Path) -> bytes:
    """Everything in a backup of it."""
    words = [str(COMMAND), "backup", "make", str(folder), "--data-dir", str(directory)]
    ran = subprocess.run(words, capture_output=True, text=True, check=True, env=bare_environment(), timeout=PATIENCE)
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()) + ran.stdout.encode()


@contextmanager
def debugged(directory: Path, fault: str | None = None) -> Iterator[Node]:
    """A server that says everything it has to say."""
    command = (str(COMMAND),) if fault is None else faulty.command(fault)
    with node(directory, "--log-level", "debug", command=command) as place:
        yield place


def said(place: Node) -> bytes:
    """What the server said until now."""
    return "\n".join([*place.server.lines, place.server.errors()]).encode()


def core_left(place: Node) -> bool:
    """Ends a server as a crash would (SIGABRT), and tells whether a core was dumped."""
    process = place.server.process
    process.send_signal(signal.SIGABRT)
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.wait(PATIENCE)
    assert ended is not None
    return ended.si_code == os.CLD_DUMPED


def test_no_canary_is_in_any_file_nor_in_what_the_server_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where a core would be left
    directory = tmp_path / "data"
    with debugged(directory) as place:
        canaries = planted(place, CANARIES) + roots(place)
        running, backup = written(directory), backed_up(directory, tmp_path / "backup")
        assert {"locum.db", "locum.db-wal", "locum.db-shm", "activity.db"} <= {one.name for one in directory.iterdir()}
        dumped = core_left(place)
        found = [hits(canaries, text) for text in (running, backup, said(place), written(directory))]
    with debugged(directory) as again:
        place = again
    found += [hits(canaries, text) for text in (written(directory), said(place))]
    print(f"{len(canaries)} canaries sought in {len(running) >> 10} KiB of files, a backup and the logs: {sum(found)}")
    assert len(canaries) >= CANARIES
    assert found == [0] * 6
    assert (dumped, [one.name for one in tmp_path.iterdir() if "core" in one.name]) == (False, [])


def test_control_secrets_that_are_not_sealed_are_found(tmp_path: Path) -> None:
    with debugged(tmp_path / "data", "unwrapped") as place:
        canaries = planted(place, 2 * EACH)
        found = hits(canaries, written(tmp_path / "data")), hits(canaries, backed_up(tmp_path / "data", tmp_path / "b"))
    kept = 2 * 3  # of each user two keys and a seed; a session has no row
    assert found == (kept, kept)


def test_control_a_canary_in_the_logs_is_found() -> None:
    """Every canary is found in each of its spellings."""
    canaries = ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "0f" * 32]
    for canary in canaries:
        for spelling in spellings(canary):
            assert hits(canaries, b'{"message": "it came with ' + spelling + b'"}') == 1


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not Path("/proc/sys/kernel/core_pattern").exists(),
    reason="no process may leave a core here",
)
def test_control_a_process_that_is_not_confined_leaves_a_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with debugged(tmp_path / "data", "dumpable") as place:
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.prlimit(place.server.process.pid, resource.RLIMIT_CORE, (hard, hard))
        assert core_left(place)
