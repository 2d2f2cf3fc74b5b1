"""What was altered on its way is not installed: `scripts/venv.sh` takes only files with their pinned hash (rule Z1).

No network: a package made here lies in a folder, and the installer is told to look nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import hatchling
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "venv.sh"
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["small"]
[tool.hatch.build]
dev-mode-dirs = ["."]
"""
METADATA = "Metadata-Version: 2.1\nName: pinned\nVersion: 1.0\n"
FLAG = " --require-hashes"


class Checkout:
    """A checkout with the script, and an environment into which it installs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir(parents=True)
        shutil.copy(SCRIPT, folder / "scripts")
        (folder / "small").mkdir()
        (folder / "small" / "__init__.py").touch()
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "requirements-build.txt").touch()
        self.wheel = folder / "wheels" / "pinned-1.0-py3-none-any.whl"
        self.wheel.parent.mkdir()
        self.write_wheel("WHAT = 'as published'\n")
        # pip and the backend are those of this environment: making an environment with its own would take seconds
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")], check=True)
        (self._packages / "backend.pth").write_text(str(Path(hatchling.__file__).parents[1]))

    @property
    def _packages(self) -> Path:
        (found,) = self.folder.glob(".venv/lib/python*/site-packages")
        return found

    def write_wheel(self, text: str) -> str:
        """Writes the package that is pinned; its SHA-256."""
        with zipfile.ZipFile(self.wheel, "w") as packed:
            packed.writestr("pinned.py", text)
            packed.writestr("pinned-1.0.dist-info/METADATA", METADATA)
            packed.writestr(
                "pinned-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            packed.writestr("pinned-1.0.dist-info/RECORD", "")
        return hashlib.sha256(self.wheel.read_bytes()).hexdigest()

    def install(self, pin: str) -> subprocess.CompletedProcess[str]:
        """The script's end, with this list of what a running Locum needs."""
        (self.folder / "requirements.txt").write_text(pin + "\n")
        nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheel.parent), "PIP_CONFIG_FILE": os.devnull}
        uv = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(self.wheel.parent), "UV_NO_CONFIG": "1"}
        return subprocess.run(
            ["bash", str(self.folder / "scripts" / "venv.sh"), "run"],
            env=os.environ | nowhere | uv | {"PIP_CACHE_DIR": str(self.folder / "cache"), "UV_NO_CACHE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installed(self) -> bool:
        """Whether the package is there."""
        return (self._packages / "pinned.py").exists()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_a_package_with_its_pinned_hash_is_installed(checkout):
    right = hashlib.sha256(checkout.wheel.read_bytes()).hexdigest()
    ran = checkout.install(f"pinned==1.0 --hash=sha256:{right}")
    assert (ran.returncode, checkout.installed) == (0, True), ran.stderr


def test_control_one_altered_hash_stops_the_installation(checkout):
    right = hashlib.sha256(checkout.wheel.read_bytes()).hexdigest()
    altered = ("1" if right[0] == "0" else "0") + right[1:]
    ran = checkout.install(f"pinned==1.0 --hash=sha256:{altered}")
    assert (ran.returncode != 0, checkout.installed) == (True, False)
    assert "hash" in ran.stderr.lower()


def test_a_package_that_was_altered_after_it_was_pinned_is_not_installed(checkout):
    pinned = hashlib.sha256(checkout.wheel.read_bytes()).hexdigest()
    checkout.write_wheel("WHAT = 'altered'\n")
    ran = checkout.install(f"pinned==1.0 --hash=sha256:{pinned}")
    assert (ran.returncode != 0, checkout.installed) == (True, False)


def test_a_package_without_a_hash_is_not_installed(checkout):
    ran = checkout.install("pinned==1.0")
    assert (ran.returncode != 0, checkout.installed) == (True, False)


def test_control_a_script_that_requires_no_hashes_installs_what_has_none(checkout):
    script = checkout.folder / "scripts" / "venv.sh"
    assert script.read_text().count(FLAG) == 1
    script.write_text(script.read_text().replace(FLAG, ""))
    assert (checkout.install("pinned==1.0").returncode, checkout.installed) == (0, True)
