"""The wheel built twice is the same wheel (rule Z2), and carries its bill of materials."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from scripts import dist

EPOCH = 1_790_000_000
DATED = """
import time
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        (Path(self.root) / "src" / "locum" / "built.py").write_text(f"AT = {time.time_ns()}")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What git knows of the checkout, as it stands in the work tree, with its bill."""
    if shutil.which("git") is None or not (dist.ROOT / ".git").exists():
        pytest.skip("there is no git, or this is no checkout of it")
    into = tmp_path / "tree"
    for name in dist.git("ls-files").splitlines():
        if (dist.ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(dist.ROOT / name, into / name)
    dist.with_bill(into, EPOCH)
    return into


def test_built_twice_the_wheel_and_the_source_are_the_same(tree, tmp_path):
    built = dist.build_twice(tree, tmp_path, EPOCH)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/sboms/locum.cdx.json")]
        assert json.loads(packed.read(name))["bomFormat"] == "CycloneDX"
        assert {one.date_time[0] for one in packed.infolist()} == {2026}
        assert "locum/policy/decide.py" in packed.namelist()
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True)
    assert (target / "locum" / "cli" / "main.py").is_file()


def test_control_a_build_that_writes_its_date_into_the_wheel_is_noticed(tree, tmp_path):
    (tree / "scripts" / "wheel_hook.py").write_text(DATED)
    with pytest.raises(dist.NotTheSame):
        dist.build_twice(tree, tmp_path, EPOCH)
