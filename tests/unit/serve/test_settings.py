"""A setting exists once, is said in three places, and an unknown one is an error that names the nearest right one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.architecture.source import ROOT

from locum.aws.limits import Limits
from locum.server import settings
from locum.server.settings import BY_NAME, SETTINGS, Settings, SettingsError, choose

# One right and one wrong text of every setting: the value that the right one gives.
TEXTS: dict[str, tuple[str, object, str]] = {
    "data-dir": ("elsewhere", Path("elsewhere"), ""),
    "config": ("other.toml", Path("other.toml"), ""),
    "host": ("::1", "::1", "localhost"),
    "port": ("80", 80, "65536"),
    "workers": ("4", 4, "0"),
    "tls-cert": ("c.pem", Path("c.pem"), ""),
    "tls-key": ("k.pem", Path("k.pem"), ""),
    "behind-proxy": ("10.0.0.0/8, 127.0.0.1/32", ("10.0.0.0/8", "127.0.0.1/32"), "10.0.0.1/8"),
    "master-key-file": ("m.key", Path("m.key"), ""),
    "account-id": ("222222222222", "222222222222", "22222222222"),
    "region": ("eu-central-1", "eu-central-1", "Europe"),
    "regions": ("eu-west-1,eu-west-2", frozenset({"eu-west-1", "eu-west-2"}), "eu-west-1,"),
    "signature-window": ("15", 15, "16"),
    "allow-unsigned-token": ("true", True, "yes"),
    "token-key-hours": ("1", 1, "1_0"),
    "audit-keep-days": ("365", 365, "-1"),
    "issuer-networks": ("10.1.0.0/16", ("10.1.0.0/16",), "10.1.0.1/16"),
    "public-url": ("https://locum.example.com", "https://locum.example.com", "https://locum.example.com/"),
    "quotas": (
        "UsersPerAccount=7,RolesPerAccount=0",
        Limits.of({"UsersPerAccount": 7, "RolesPerAccount": 0}),
        "Users=1",
    ),
    "issuer-http": ("true", True, "on"),
    "log-level": ("debug", "debug", "loud"),
    "stop-seconds": ("30", 30, "٣"),
    "head-seconds": ("20", 20, "0"),
    "idle-seconds": ("5", 5, "1h"),
    "body-rate": ("512", 512, "+1"),
    "connections": ("100", 100, "7"),
    "source-rate": ("0", 0, "-1"),
    "key-rate": ("10", 10, "1e3"),
}


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    """An environment whose data directory is there and has no file."""
    return {"LOCUM_DATA_DIR": str(tmp_path)}


def written(directory: Path, text: str) -> dict[str, str | None]:
    """The option that names a settings file with that text."""
    path = directory / "given.toml"
    path.write_text(text, encoding="utf-8")
    return {"config": str(path)}


def test_every_setting_has_its_texts_here_and_its_field() -> None:
    assert set(TEXTS) == set(BY_NAME)
    assert {setting.field for setting in SETTINGS} == {field.name for field in msgspec.structs.fields(Settings)}


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"config"}))
def test_an_option_a_variable_and_a_key_say_the_same(tmp_path: Path, name: str) -> None:
    text, value, _ = TEXTS[name]
    field = BY_NAME[name].field
    quoted = text if text in ("true", "false") or text.isdecimal() and name != "account-id" else f'"{text}"'
    file = written(tmp_path, f"{name} = {quoted}\n")
    nothing = {"LOCUM_CONFIG": str(tmp_path / "empty.toml")}
    (tmp_path / "empty.toml").touch()
    assert getattr(choose({name: text}, nothing), field) == value
    assert getattr(choose({}, nothing | {BY_NAME[name].variable: text}), field) == value
    assert getattr(choose(file, {}), field) == value


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_text_that_is_not_of_its_form_is_an_error_that_says_where(name: str, empty: dict[str, str]) -> None:
    wrong = TEXTS[name][2]
    with pytest.raises(SettingsError, match=f"--{name}"):
        choose({name: wrong}, {} if name == "data-dir" else empty)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("UsersPerAcount=1", "did you mean `UsersPerAccount`"),
        ("AccessKeysPerUser=3", "`AccessKeysPerUser` is not a quota that can be set"),
        ("RolesPerAccount", "is not of the form RolesPerAccount=2000"),
        ("RolesPerAccount=-1", "`-1` is not a whole number"),
        ("RolesPerAccount=1,RolesPerAccount=2", "set twice"),
    ],
)
def test_a_wrong_quota_says_what_would_be_right(text: str, said: str, empty: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=said):
        choose({"quotas": text}, empty)
    with pytest.raises(SettingsError, match=said):
        settings.quotas_of({"LOCUM_QUOTAS": text})


def test_an_option_counts_before_a_variable_and_a_variable_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "port = 1\nworkers = 2\nregion = 'eu-west-1'\n")
    chosen = choose(file | {"port": "10"}, {"LOCUM_PORT": "20", "LOCUM_WORKERS": "21"})
    assert (chosen.port, chosen.workers, chosen.region) == (10, 21, "eu-west-1")


def test_nothing_said_gives_the_defaults(empty: dict[str, str]) -> None:
    chosen = choose({}, empty)
    assert (chosen.host, chosen.port, chosen.workers, chosen.behind_proxy) == ("127.0.0.1", 5628, 1, None)


def test_the_file_in_the_data_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / "locum.toml").write_text("port = 1234\nbehind-proxy = ['10.0.0.0/8', '127.0.0.1/32']\n")
    chosen = choose({"data-dir": str(tmp_path)}, {})
    assert (chosen.port, chosen.behind_proxy) == (1234, ("10.0.0.0/8", "127.0.0.1/32"))


def test_a_named_file_is_read_instead_of_the_one_in_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "locum.toml").write_text("port = 1234\nworkers = 3\n")
    chosen = choose(written(tmp_path, "port = 99\n") | {"data-dir": str(tmp_path)}, {})
    assert (chosen.port, chosen.workers) == (99, 1)


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        choose({"config": str(tmp_path / "no.toml")}, {})


@pytest.mark.parametrize(
    ("variable", "near"),
    [("LOCUM_PROT", "LOCUM_PORT"), ("LOCUM_BEHIND_PROXIES", "LOCUM_BEHIND_PROXY"), ("LOCUM_TLS", "LOCUM_TLS_KEY")],
)
def test_an_unknown_variable_names_the_nearest_right_one(variable: str, near: str, empty: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=f"`{variable}` is not a setting; did you mean `{near}`"):
        choose({}, empty | {variable: "1"})


@pytest.mark.parametrize(("key", "near"), [("prot", "port"), ("tls_cert", "tls-cert"), ("worker", "workers")])
def test_an_unknown_key_names_the_nearest_right_one(tmp_path: Path, key: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"key `{key}` of .* is not a setting; did you mean `{near}`"):
        choose(written(tmp_path, f"{key} = 1\n"), {})


def test_an_unknown_option_names_the_nearest_right_one() -> None:
    ran = locum("serve", "--tls-crt", "x")
    assert ran.returncode == 2
    assert "--tls-cert" in ran.stderr


def test_the_data_directory_cannot_be_said_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "locum.toml").write_text("data-dir = '/'\n")
    with pytest.raises(SettingsError, match="own file"):
        choose({"data-dir": str(tmp_path)}, {})


@pytest.mark.parametrize("text", ["port = ", "[serve]\nport = 1\n", "port = 1.5\n", "behind-proxy = [1]\n", "\xff"])
def test_a_file_that_is_not_made_of_settings_is_an_error(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, "")
    (tmp_path / "given.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError):
        choose(file, {})


def test_the_master_key_in_the_environment_is_no_unknown_setting(empty: dict[str, str]) -> None:
    assert choose({}, empty | {"LOCUM_MASTER_KEY": "0" * 64}).port == 5628


def test_the_reference_page_is_what_the_table_says() -> None:
    kept = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert kept == settings.page()


def test_a_wrong_setting_is_wrong_usage(tmp_path: Path) -> None:
    ran = locum("serve", "--data-dir", str(tmp_path), "--port", "none")
    assert (ran.returncode, "option `--port`: `none` is not a whole number" in ran.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def locum(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command said and how it ended."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUM_")}
    return subprocess.run(
        [sys.executable, "-m", "locum", *arguments], env=environment, capture_output=True, text=True, check=False
    )
