"""Where `locum dev` listens: on loopback, and in a container on the one address that was named (rule E5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.server.asgi import asked

from locum.http import Request
from locum.server import container
from locum.server.development import Development, Settings

IN_ONE = {"container": "podman"}
HEALTH = Request("GET", "/_locum/health", "", (("host", "localhost"),))


def settings(host: str, **environment: str) -> Settings:
    return Settings.of(
        host=host,
        port=0,
        account="111122223333",
        admin_key=None,
        root_key=None,
        region="us-east-1",
        environment=environment,
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.9.9.9"])
def test_loopback_needs_nobody_s_word_and_answers_this_machine_alone(host: str) -> None:
    app = Development(settings(host)).application()
    assert asked(app, HEALTH).status == 200
    assert asked(app, HEALTH, client=("192.0.2.7", 1)).status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_in_a_container_it_listens_where_the_variable_names_the_very_address(host: str) -> None:
    app = Development(settings(host, LOCUM_DEV_I_KNOW=host, **IN_ONE)).application()
    answer = asked(app, HEALTH, client=("192.0.2.7", 1), server=("192.0.2.1", 5628))
    assert answer.status == 200
    assert ("x-locum-mode", "dev") in answer.headers


@pytest.mark.parametrize("said", ["", "1", "yes", "*", "0.0.0.0", "192.0.2.10", "192.0.2.1 "])
def test_in_a_container_no_other_word_opens_it(said: str) -> None:
    with pytest.raises(ValueError, match="`LOCUM_DEV_I_KNOW=192.0.2.1` says that this is meant"):
        settings("192.0.2.1", LOCUM_DEV_I_KNOW=said, **IN_ONE)


def test_outside_of_a_container_the_variable_opens_nothing(tmp_path: Path) -> None:
    known = {"LOCUM_DEV_I_KNOW": "0.0.0.0"}
    assert "in a container alone" in (container.refusal("0.0.0.0", known, tmp_path) or "")
    assert container.refusal("0.0.0.0", known | IN_ONE, tmp_path) is None


@pytest.mark.parametrize("host", ["localhost", "", "example.com", "127.1"])
def test_a_name_is_no_address_even_in_a_container(host: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        settings(host, LOCUM_DEV_I_KNOW=host, **IN_ONE)


@pytest.mark.parametrize("mark", container.FILES)
def test_a_container_is_told_by_its_mark(tmp_path: Path, mark: str) -> None:
    assert not container.contained({}, tmp_path)
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    assert container.contained({}, tmp_path)


@pytest.mark.parametrize("name", container.VARIABLES)
def test_a_container_is_told_by_its_variable(tmp_path: Path, name: str) -> None:
    assert container.contained({name: "x"}, tmp_path)
    assert not container.contained({name: ""}, tmp_path)
