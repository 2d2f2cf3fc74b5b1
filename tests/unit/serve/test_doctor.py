"""`locum doctor` finds what was broken, each fault by its check, and nothing in a directory that is well."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.journeys import tls

from locum.aws.secret import Secret
from locum.cli.main import main
from locum.iam.access_keys import AccessKey
from locum.server import doctor, production, token_rules
from locum.server.settings import choose
from locum.store import masterkey, rotation
from locum.store.engine import open_store

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as the first start makes it, with root's key file gone."""
    directory = tmp_path_factory.mktemp("made") / "data"
    settings = choose({"data-dir": str(directory)}, {})
    os.umask(0o077)
    first = production.begin(settings, production.master_key(settings, {}))
    assert first is not None
    first.root_key.unlink()
    return directory


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    shutil.copytree(made, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return tmp_path / "data"


def seen(data: Path, level: str, *, later: timedelta = timedelta(), **more: str) -> dict[str, str]:
    """What was seen of a level, by its check, now or so much later."""
    options = {name.replace("_", "-"): text for name, text in more.items()}
    found = doctor.examine(choose({"data-dir": str(data), **options}, {}), {}, now=datetime.now(UTC) + later)
    return {one.check: one.message for one in found if one.level == level}


def test_a_directory_that_is_well_has_neither_findings_nor_notes(data: Path) -> None:
    assert (seen(data, "finding"), seen(data, "note")) == ({}, {})
    assert set(seen(data, "ok")) == set(doctor.CHECKS)


def sql(*statements: str) -> Callable[[Path], None]:
    """Changes the store behind its back."""

    def change(data: Path) -> None:
        raw = sqlite3.connect(data / "locum.db")
        for statement in statements:
            raw.execute(statement)
        raw.commit()
        raw.close()

    return change


def documented(data: Path) -> None:
    store = open_store(data / "locum.db", masterkey.read_file(data / "master.key"))
    id = "AKIAIOSFODNN7EXAMPLE"

    def step(tx: object) -> None:
        tx.written_by(token_rules.author("Test", NOW))
        tx.add(AccessKey(id=id, name=id, account="222222222222", owner="222222222222", created=NOW))

    store.write(step)
    store.close()


def mode(name: str, bits: int) -> Callable[[Path], None]:
    return lambda data: (data / name).chmod(bits)


# name -> (what is broken, the check that finds it, what it says)
BROKEN: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "an open directory": (lambda data: data.chmod(0o777), "start", "others may write into the data directory"),
    "an open key": (mode("master.key", 0o644), "seal", "others may use it"),
    "an open store": (mode("locum.db", 0o604), "files", "others may use `locum.db` (mode `0604`)"),
    "a linked file": (lambda data: (data / "x").symlink_to("/etc/hostname"), "files", "`x` is a link"),
    "no master key": (lambda data: (data / "master.key").unlink(), "seal", "cannot be opened"),
    "no store": (lambda data: (data / "locum.db").unlink(), "store", "there is no store"),
    "no directory": (shutil.rmtree, "store", "there is no store"),
    "another key": (
        lambda data: (data / "master.key").write_text("0123456789abcdef" * 4 + "\n"),
        "seal",
        "the store is sealed",
    ),
    "an empty key": (lambda data: (data / "master.key").write_text(""), "seal", "does not hold a master key"),
    "a changed seal": (sql("UPDATE secret SET sealed = zeroblob(length(sealed))"), "seal", "is broken"),
    "the other mode's store": (sql("UPDATE mark SET mode = 'dev'"), "store", "made by `locum dev`"),
    "a newer revision": (sql("UPDATE revision SET version_num = '9999'"), "store", "revision `9999`"),
    "everybody's key": (documented, "store", "`AKIAIOSFODNN7EXAMPLE`, which is everybody's"),
    "no primary key": (
        sql("""UPDATE entity SET doc = replace(doc, '"primary"', '"staged"') WHERE kind = 'token-key'"""),
        "token keys",
        "there are 0 primary token keys",
    ),
    "no database": (lambda data: (data / "locum.db").write_bytes(b"x" * 5000), "soundness", "not a database"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_what_is_broken_is_found(name: str, data: Path) -> None:
    fault, check, says = BROKEN[name]
    fault(data)
    assert says in seen(data, "finding").get(check, "nothing")


def test_a_clock_that_is_behind_the_last_change_is_found(data: Path) -> None:
    assert "the last change was at" in seen(data, "finding", later=-timedelta(days=1))["clock"]


def test_keys_that_grow_old_are_noted(data: Path) -> None:
    notes = seen(data, "note", later=timedelta(days=92))
    assert "token key 1 seals for 92 days" in notes["token keys"]
    assert "is worn" in notes["data keys"]


def test_a_root_key_that_still_lies_in_a_file_is_noted(data: Path) -> None:
    (data / "root-key.json").touch(0o600)
    assert "`root-key.json` is still there" in seen(data, "note")["root keys"]


def test_a_change_of_the_master_key_that_was_not_ended_is_noted(data: Path) -> None:
    masterkey.write(masterkey.following(data / "master.key"), Secret("0123456789abcdef" * 4))
    assert "was not ended" in seen(data, "note")["seal"]
    rotation.settle(data / "locum.db", data / "master.key")
    assert "seal" not in seen(data, "note")


def test_a_certificate_that_ends_soon_is_noted_and_one_that_has_ended_is_found(data: Path, tmp_path: Path) -> None:
    certificate, key = tls.make(tmp_path)
    files = {"tls_cert": str(certificate), "tls_key": str(key)}
    assert "ends at" in seen(data, "note", **files)["certificate"]
    assert "ended at" in seen(data, "finding", later=timedelta(hours=2), **files)["certificate"]


def test_nothing_is_made_or_changed_by_looking(data: Path) -> None:
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    seen(data, "ok")
    assert {
        path.name: path.read_bytes() for path in data.iterdir() if not path.name.endswith(("-wal", "-shm"))
    } == before


@pytest.mark.parametrize(("fault", "status"), [(None, 0), ("an open key", 1)])
def test_the_exit_status_tells_whether_there_is_a_finding(data: Path, fault: str | None, status: int) -> None:
    if fault:
        BROKEN[fault][0](data)
    ran = CliRunner().invoke(main, ["doctor", "--data-dir", str(data), "--format", "json"])
    assert ran.exit_code == status
    assert (json.loads(ran.stdout)["findings"] > 0) == bool(status)
    assert CliRunner().invoke(main, ["doctor", "--data-dir", str(data)]).exit_code == status


def test_status_shows_generation_bound_accounts_and_keys(data: Path) -> None:
    ran = CliRunner().invoke(main, ["status", "--data-dir", str(data), "--format", "json"])
    assert ran.exit_code == 0, ran.output
    shown = json.loads(ran.stdout)
    assert (shown["RevocationBoundSeconds"], len(shown["Accounts"])) == (0, 1)
    assert {key["State"] for key in shown["Keys"]} == {"primary", "staged", "secret", "marker"}
    text = CliRunner().invoke(main, ["status", "--data-dir", str(data)])
    assert "revocation bound" in text.output


def test_status_without_a_store_is_refused(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["status", "--data-dir", str(tmp_path)]).exit_code == 78
