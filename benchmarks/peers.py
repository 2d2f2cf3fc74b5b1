"""Other evaluators and servers, in an environment of their own below `.clients/bench`.

Law: installed from the package index at first use, so that their pins never meet ours; each is driven by a small script
in a process of its own, which gets a question as JSON on standard input and answers with JSON. A peer that is not to be
had, or whose script fails, is a row that says so, never a silent gap.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".clients" / "bench"
PACKAGES = ("cedarpy", "casbin", "vakt", "moto[server]", "cryptography", "pyjwt")
PATIENCE = 300  # seconds


class Absent(Exception):
    """A peer that cannot be measured here, and why."""


@functools.cache
def python() -> Path:
    """The interpreter of the peers. Raises Absent where they cannot be installed."""
    found = FOLDER / "bin" / "python"
    complete = FOLDER / ".complete"
    if complete.exists() and complete.read_text() == "\n".join(PACKAGES):
        return found
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.parent.mkdir(exist_ok=True)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)],
            [uv, "pip", "install", "--quiet", "--python", str(found), *PACKAGES],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(FOLDER)],
            [str(found), "-m", "pip", "install", "--quiet", *PACKAGES],
        ]
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=PATIENCE)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            raise Absent(f"peers cannot be installed here: {said.strip().splitlines()[-1]}") from error
    complete.write_text("\n".join(PACKAGES))
    return found


def ask(script: str, question: Any, *, patience: float = 60) -> Any:
    """What the runner `script` (a file of `runners`) answers. Raises Absent with the reason."""
    command = [str(python()), str(HERE / "runners" / f"run_{script}.py")]
    try:
        ran = subprocess.run(command, input=msgspec.json.encode(question), capture_output=True, timeout=patience)
    except subprocess.TimeoutExpired as error:
        raise Absent(f"took more than {patience:.0f} s") from error
    if ran.returncode:
        raise Absent(f"failed: {ran.stderr.decode().strip().splitlines()[-1]}")
    return msgspec.json.decode(ran.stdout)
