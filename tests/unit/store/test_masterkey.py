"""The master key's sources: each refuses what is not this user's own key (rules K4, K5; decisions 24, 25)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from locum.aws.secret import Secret
from locum.store import masterkey
from locum.store.errors import SealedError

KEY = "00112233445566778899aabbccddeeff" * 2


def key_file(directory: Path, text: str = f"{KEY}\n", mode: int = 0o600) -> Path:
    path = directory / masterkey.FILE
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", [KEY, f"{KEY}\n"])
def test_a_file_of_mode_0600_or_0400_is_read(tmp_path: Path, text: str) -> None:
    for mode in (0o600, 0o400):
        path = key_file(tmp_path, text, mode)
        assert masterkey.read_file(path) == Secret(KEY)
        path.unlink()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o601, 0o620])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SealedError, match=f"{mode:04o}"):
        masterkey.read_file(key_file(tmp_path, mode=mode))


@pytest.mark.parametrize(
    "text",
    ["", "\n", KEY[:-1], KEY + "0", KEY.upper(), KEY[:-1] + "g", f" {KEY}", f"{KEY}\r\n", f"{KEY}\n\n", "٠" * 64],
)
def test_a_file_that_holds_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SealedError, match="does not hold a master key") as refused:
        masterkey.read_file(key_file(tmp_path, text))
    assert KEY[:16] not in str(refused.value)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    real = key_file(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(real)
    for path in (link, tmp_path, tmp_path / "nothing"):
        with pytest.raises(SealedError):
            masterkey.read_file(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    os.chown(path, 12345, 12345)
    with pytest.raises(SealedError, match="12345"):
        masterkey.read_file(path)


def test_a_variable_is_read_once(tmp_path: Path) -> None:
    environment = {masterkey.VARIABLE: KEY}
    assert [masterkey.read_environment(environment) for _ in range(2)] == [Secret(KEY), None]


def test_a_variable_that_holds_no_key_is_refused_and_unset() -> None:
    environment = {masterkey.VARIABLE: "swordfish"}
    with pytest.raises(SealedError, match=masterkey.VARIABLE) as refused:
        masterkey.read_environment(environment)
    assert (environment, "swordfish" in str(refused.value)) == ({}, False)


def test_a_key_is_handed_on_by_a_descriptor_once() -> None:
    descriptor = masterkey.hand_on(Secret(KEY))
    assert os.get_inheritable(descriptor)
    assert masterkey.read_descriptor(descriptor) == Secret(KEY)
    with pytest.raises(SealedError):
        masterkey.read_descriptor(descriptor)


def test_an_empty_directory_gets_a_key_and_keeps_it(tmp_path: Path) -> None:
    made = masterkey.of_directory(tmp_path)
    assert masterkey.of_directory(tmp_path) == made
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [(masterkey.FILE, 0o600)]


def test_two_directories_get_two_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert masterkey.of_directory(tmp_path / "a") != masterkey.of_directory(tmp_path / "b")


def test_a_directory_that_holds_something_but_no_key_is_sealed(tmp_path: Path) -> None:
    (tmp_path / "locum.db").touch()
    with pytest.raises(SealedError, match="sealed"):
        masterkey.of_directory(tmp_path)
    assert not (tmp_path / masterkey.FILE).exists()


def test_a_making_that_was_interrupted_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "master.key.new").write_text(KEY[:10])
    assert masterkey.of_directory(tmp_path) == masterkey.read_file(tmp_path / masterkey.FILE)
    assert [file.name for file in tmp_path.iterdir()] == [masterkey.FILE]
