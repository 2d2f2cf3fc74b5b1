"""What makes a start unsafe is said before anything is made, one reason each."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.planted import planted

from locum.aws.secret import Secret
from locum.server.safe import UnsafeError, require_safe
from locum.server.settings import choose
from locum.server.well_known import PAIRS, WellKnownError, require_own_account, require_own_pair


def refused(tmp_path: Path, **given: str) -> str:
    """The reason why these settings are not safe."""
    options = {name.replace("_", "-"): text for name, text in ({"data_dir": str(tmp_path / "data")} | given).items()}
    with pytest.raises(UnsafeError) as reason:
        require_safe(choose(options, {}))
    return str(reason.value)


def test_an_address_that_others_reach_takes_tls_or_a_proxy(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "2001:db8::1"):
        assert "can be reached from elsewhere" in refused(tmp_path, host=host)


def test_control_without_its_rule_any_address_is_safe(tmp_path: Path) -> None:
    faulty = planted("locum.server.safe", ("    _reach,\n", ""))
    faulty.require_safe(choose({"data-dir": str(tmp_path / "data"), "host": "0.0.0.0"}, {}))


def test_the_whole_internet_is_no_proxy(tmp_path: Path) -> None:
    assert "from where they come" in refused(tmp_path, behind_proxy="0.0.0.0/0")
    assert "from where they come" in refused(tmp_path, behind_proxy="10.0.0.0/8,::/0")


def test_a_settings_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "locum.toml"
    file.write_text("port = 1\n")
    file.chmod(0o666)
    assert "others may write the settings file" in refused(tmp_path, config=str(file))


def test_a_file_is_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no directory" in refused(tmp_path, data_dir=str(tmp_path / "file"))


def test_a_directory_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    reason = refused(tmp_path, data_dir=str(tmp_path / "file" / "data"))
    assert reason == f"the data directory `{tmp_path}/file/data` cannot be made: `{tmp_path}/file` is no directory"


def test_a_store_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    (directory / "master.key").touch(0o600)
    (directory / "root-key.json").touch(0o600)
    assert "nothing is made anew" in refused(tmp_path)


def test_a_directory_of_something_else_is_not_made_into_one(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    assert refused(tmp_path, data_dir=str(tmp_path)) == (
        f"`{tmp_path}` is not a Locum data directory: it holds `letter.txt`; name a new or an empty one"
    )


def test_a_directory_that_lost_its_store_is_told_from_one_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "a-note.txt").touch()
    assert "nothing is made anew" in refused(tmp_path, data_dir=str(tmp_path))


def test_a_start_that_was_killed_before_its_store_is_no_loss(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    (directory / "master.key").touch(0o600)
    (directory / "locum.toml").touch(0o600)
    require_safe(choose({"data-dir": str(directory)}, {}))


@pytest.mark.parametrize(("id", "secret", "origin"), PAIRS, ids=[f"{id}-{at}" for at, (id, _, _) in enumerate(PAIRS)])
def test_a_key_that_everybody_knows_opens_no_door_by_its_id_nor_by_its_secret(
    id: str, secret: str, origin: str
) -> None:
    with pytest.raises(WellKnownError):
        require_own_pair(id.swapcase(), Secret("another"))
    with pytest.raises(WellKnownError) as refusal:
        require_own_pair("AKIAQQQQQQQQQQQQQQQQ", Secret(secret))
    assert len(secret) < 10 or secret not in str(refusal.value)


def test_a_key_of_ones_own_passes() -> None:
    require_own_pair("AKIAQQQQQQQQQQQQQQQQ", Secret("Q" * 40))
    require_own_account("222222222222")


def test_at_least_twenty_pairs_are_known_to_be_known() -> None:
    assert len(PAIRS) >= 20
