"""Keys that everybody knows, and what `locum dev` made, open no door of `locum serve`; nor the reverse (xE2, xE3).

Rules E4 and E7. The doors: a signature in the header, in the query, or beside a session token; a store or a backup that
holds such a key or account; the settings, by option, variable and file; the master key. No operation and no command
takes a key pair from outside: CreateAccessKey, `locum account add` and `locum root recover` draw theirs. The controls
are a server that knows none of these keys, a store whose mark says otherwise, and a keyring with the other mode's key.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.journeys import faulty
from tests.journeys.clients import Key, boto
from tests.journeys.documents import trust
from tests.journeys.raw import Answer, Raw, Signing, send
from tests.journeys.served import COMMAND, PATIENCE, Served, bare_environment
from tests.unit.session import sealed as s

from locum.aws.secret import Secret
from locum.iam.access_keys import SECRET, AccessKey
from locum.iam.entities import Account
from locum.server import production
from locum.server.safe import UnsafeError
from locum.server.settings import SettingsError, choose
from locum.server.well_known import PAIRS
from locum.session.keyring import Keyring, TokenKey
from locum.session.token import seal
from locum.store import masterkey
from locum.store.engine import open_store
from locum.store.entity import Author, Entity
from locum.store.errors import SealedError
from locum.store.tx import Tx

ACCOUNT = "222222222222"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNED = {id: secret for id, secret, _ in PAIRS}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of that account that a server made and left."""
    directory = tmp_path_factory.mktemp("good") / "data"
    with serve(directory, "--account-id", ACCOUNT):
        pass
    return directory


def serve(directory: Path, *more: str, fault: str | None = None, **environment: str) -> Served:
    """`locum serve` on that directory."""
    command = (str(COMMAND),) if fault is None else faulty.command(fault)
    words = ("serve", "--data-dir", str(directory), "--port", "0", *more)
    return Served(*words, command=command, environment=environment)


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The ended command."""
    return subprocess.run(
        [str(COMMAND), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=bare_environment(**environment),
    )


@contextmanager
def holding(directory: Path, *entities: Entity) -> Iterator[Path]:
    """The directory with these entities, each key with the secret that everybody knows."""
    store = open_store(directory / "locum.db", masterkey.read_file(directory / "master.key"))

    def step(tx: Tx) -> None:
        tx.written_by(Author(arn="somebody", at=NOW, request_id="1"))
        for entity in entities:
            tx.add(entity)
            if isinstance(entity, AccessKey):
                tx.put_secret(entity, SECRET, Secret(OWNED[entity.id]))

    store.write(step)
    store.close()
    yield directory


def key_of(id: str) -> AccessKey:
    """The access key of that id, root's."""
    return AccessKey(id=id, name=id, account=ACCOUNT, owner=ACCOUNT, created=NOW)


# ------------------------------------------------------------------ signatures


def doors(url: str, id: str, secret: str, token: str) -> Iterator[tuple[str, Answer]]:
    """The answers to everything that can be asked with a key."""
    host = urllib.parse.urlsplit(url).netloc
    listing = Raw(body=b"Action=ListUsers&Version=2010-05-08")
    yield "header, sts", send(host, Signing(host, id, secret).header())
    yield "header, iam", send(host, Signing(host, id, secret, service="iam").header(listing))
    yield "query", send(host, Signing(host, id, secret).presigned())
    yield "header with a token", send(host, Signing(host, id, secret, token=token).header())
    yield "query with a token", send(host, Signing(host, id, secret, token=token).presigned())


def let_in(url: str, token: str) -> list[str]:
    """The doors that everybody's keys open."""
    return [
        f"{id}: {door}"
        for id, secret, _ in PAIRS
        for door, answer in doors(url, id, secret, token)
        if answer.status < 400
    ]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Key]]:
    """A server of that account, and a session there."""
    directory = tmp_path_factory.mktemp("session") / "data"
    with serve(directory, "--account-id", ACCOUNT) as server:
        yield server, assumed(server.url, Key.of(json.loads((directory / "root-key.json").read_text())))


def assumed(url: str, key: Key, account: str = ACCOUNT) -> Key:
    """A session of a new role: root may not take one, so a user does."""
    iam = boto("iam", url, key)
    iam.create_user(UserName="taker")
    taker = Key.of(iam.create_access_key(UserName="taker")["AccessKey"])
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:user/taker"))
    arn = f"arn:aws:iam::{account}:role/worker"
    return Key.of(boto("sts", url, taker).assume_role(RoleArn=arn, RoleSessionName="shift")["Credentials"])


def test_no_pair_that_everybody_knows_opens_a_door(session: tuple[Served, Key]) -> None:
    server, live = session
    assert boto("sts", server.url, live).get_caller_identity()["Arn"].endswith("/shift")
    assert live.token is not None
    assert len(PAIRS) >= 20
    assert let_in(server.url, live.token) == []


def test_control_a_server_that_knows_none_of_them_lets_them_in(good: Path, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    shutil.copytree(good, directory)
    ids = [id for id in dict.fromkeys(OWNED) if len(id) >= 16 and id.startswith("AKIA")]
    with holding(directory, *map(key_of, ids)), serve(directory, fault="forgetful") as server:
        found = [line for line in let_in(server.url, "x") if "token" not in line]
    assert len(found) == 3 * len(ids)


# ------------------------------------------------------------------ stores and backups

ENTITIES: list[Entity] = [
    Account(id="0" * 12, account="0" * 12, name="0" * 12, created=NOW),
    *(key_of(id) for id in OWNED),
]


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.id)
def test_a_store_that_holds_one_is_not_served(good: Path, tmp_path: Path, entity: Entity) -> None:
    """Opened as every start and every command of a data directory opens it."""
    directory = shutil.copytree(good, tmp_path / "data")
    settings = choose({"data-dir": str(directory)}, {})
    key = production.master_key(settings, {})
    production.open_directory(settings, key).close()
    with holding(directory, entity), pytest.raises(UnsafeError, match=f"`{re.escape(entity.id)}`"):
        production.open_directory(settings, key)


def test_a_backup_that_holds_one_becomes_nothing_that_is_served(good: Path, tmp_path: Path) -> None:
    directory, backup, restored = shutil.copytree(good, tmp_path / "data"), tmp_path / "backup", tmp_path / "restored"
    with holding(directory, key_of("AKIAIOSFODNN7EXAMPLE")):
        made = run("backup", "make", backup, "--data-dir", directory)
    restored.mkdir(mode=0o700)
    shutil.copy(directory / "master.key", restored / "master.key")
    brought = run("backup", "restore", backup, "--data-dir", restored, "--without-tombstones")
    assert (made.returncode, brought.returncode) == (0, 0)
    settings = choose({"data-dir": str(restored)}, {})
    with pytest.raises(UnsafeError, match="`AKIAIOSFODNN7EXAMPLE`"):
        production.open_directory(settings, production.master_key(settings, {}))


# ------------------------------------------------------------------ settings and master keys


@pytest.mark.parametrize("door", ["option", "variable", "file"])
def test_no_setting_takes_everybodys_account(tmp_path: Path, door: str) -> None:
    directory, number = tmp_path / "data", "0" * 12
    words = ["--account-id", number] if door == "option" else []
    environment = {"LOCUM_ACCOUNT_ID": number} if door == "variable" else {}
    if door == "file":
        directory.mkdir(mode=0o700)
        (directory / "locum.toml").write_text(f'account-id = "{number}"\n')
        (directory / "locum.toml").chmod(0o600)
    ran = run("serve", "--data-dir", directory, "--port", 0, *words, **environment)
    assert (ran.returncode, "is everybody's" in ran.stderr, (directory / "locum.db").exists()) == (78, True, False)


@pytest.mark.parametrize("name", ["admin-key", "root-key", "access-key"])
@pytest.mark.parametrize("door", ["option", "variable", "file"])
def test_no_setting_of_serve_takes_a_key(tmp_path: Path, door: str, name: str) -> None:
    options = {"data-dir": str(tmp_path), **({name: "test:test"} if door == "option" else {})}
    environment = {f"LOCUM_{name.upper().replace('-', '_')}": "test:test"} if door == "variable" else {}
    if door == "file":
        (tmp_path / "locum.toml").write_text(f'{name} = "test:test"\n')
    with pytest.raises(SettingsError, match="is not a setting"):
        choose(options, environment)


NO_KEYS = ("", "test", "minioadmin", "0" * 64, "f" * 64, "ab" * 32, "00" * 31 + "0", "A1" * 32)


@pytest.mark.parametrize("door", ["variable", "file"])
@pytest.mark.parametrize("key", NO_KEYS)
def test_no_null_key_and_no_word_is_a_master_key(tmp_path: Path, door: str, key: str) -> None:
    file, directory = tmp_path / "key", tmp_path / "data"
    file.write_text(f"{key}\n")
    file.chmod(0o600)
    named = {"master-key-file": str(file)} if door == "file" else {}
    settings = choose({"data-dir": str(directory), **named}, {})
    with pytest.raises(SealedError) as refused:
        production.begin(settings, production.master_key(settings, {"LOCUM_MASTER_KEY": key} if not named else {}))
    assert not (directory / "locum.db").exists()
    assert len(key) < 16 or key not in str(refused.value)


# ------------------------------------------------------------------ the other mode


def code(url: str, key: Key) -> str:
    """How a question is answered: the name in the ARN, or a code."""
    answer = send(urllib.parse.urlsplit(url).netloc, Signing(urllib.parse.urlsplit(url).netloc, *parts(key)).header())
    return "allowed" if answer.status == 200 else answer.error[1]


def parts(key: Key) -> tuple[str, str, str | None]:
    """Id, secret and token."""
    return key.id, key.secret, key.token


def test_a_token_of_one_mode_opens_nothing_of_the_other(session: tuple[Served, Key]) -> None:
    server, served_session = session
    with Served("dev", "--port", "0", "--account-id", ACCOUNT) as dev:
        dev_session = assumed(dev.url, Key("test", "test"))
        asked = {
            "serve's own": code(server.url, served_session),
            "dev's own": code(dev.url, dev_session),
            "dev's at serve": code(server.url, dev_session),
            "serve's at dev": code(dev.url, served_session),
            "dev's key at serve": code(server.url, Key("test", "test")),
        }
    assert asked == {
        "serve's own": "allowed",
        "dev's own": "allowed",
        "dev's at serve": "InvalidClientTokenId",
        "serve's at dev": "InvalidClientTokenId",
        "dev's key at serve": asked["dev's key at serve"],
    }
    assert asked["dev's key at serve"] in ("InvalidClientTokenId", "IncompleteSignature")


def test_control_a_keyring_that_holds_the_other_modes_key_opens_its_tokens() -> None:
    """`Keyring.of` refuses such a key; a keyring that was made past it is what the test of tokens would find."""
    key = TokenKey.of(0x8001, s.ROOT)
    made = seal(s.PLAIN, Keyring.of("dev", [key]), s.SALT)
    mixed = Keyring("serve", (key,), {key.id: key})
    assert s.opens(made.session_token.reveal(), made.access_key_id) is None
    assert s.opens(made.session_token.reveal(), made.access_key_id, mixed) is not None


def made_by_dev(good: Path, directory: Path) -> Path:
    """A directory whose store `locum dev` made."""
    shutil.copytree(good, directory)
    for name in ("locum.db", "activity.db"):
        (directory / name).unlink()
    open_store(directory / "locum.db", masterkey.read_file(directory / "master.key"), mode="dev").close()
    return directory


def test_control_a_store_of_dev_with_the_mark_of_serve_is_served(good: Path, tmp_path: Path) -> None:
    """As it is, it is a start of `starts.json` that is refused."""
    directory = made_by_dev(good, tmp_path / "data")
    with sqlite3.connect(directory / "locum.db") as raw:
        raw.execute("UPDATE mark SET mode = 'serve'")
    raw.close()
    with serve(directory) as server:
        assert server.stop() == 0
