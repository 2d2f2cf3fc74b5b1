"""Makes `dist/`: the wheel, the source distribution and the bill of materials of the last commit (rules Z1, Z2).

Law: built from what is committed and from nothing else, twice: the second time from the unpacked source distribution,
in another folder, with another umask and another time zone. Where the two differ in one octet `dist/` stays as it was.
Times inside are the commit's (SOURCE_DATE_EPOCH). No network: the backend is the pinned one that is installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BILL = "locum.cdx.json"  # at the root of what is built; `scripts/wheel_hook.py` puts it into the wheel
ELSEWHERE = {"TZ": "Pacific/Chatham"}
BUILT = ("*.whl", "*.tar.gz")
# The first releases of Python 3.11 have no filters; what is unpacked here was packed here.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


class NotTheSame(Exception):
    """The two builds differ."""


def git(*words: str) -> str:
    """What git says of the checkout."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def snapshot(into: Path) -> Path:
    """The tree of the last commit, in a folder of its own."""
    archive = into.with_suffix(".tar")
    git("archive", "--format=tar", f"--output={archive}", "HEAD")
    with tarfile.open(archive) as packed:
        packed.extractall(into, **SAFELY)
    return into


def with_bill(tree: Path, epoch: int) -> Path:
    """The tree with its bill of materials written into it; the bill's path."""
    made = subprocess.run(
        [sys.executable, str(tree / "scripts" / "sbom.py")],
        env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch)},
        stdout=subprocess.PIPE,
        check=True,
    )
    (tree / BILL).write_bytes(made.stdout)
    return tree / BILL


def build(tree: Path, into: Path, epoch: int, *, umask: int = 0o022, **environment: str) -> dict[str, str]:
    """The wheel and the source distribution of a tree; the SHA-256 of each by its name."""
    into.mkdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into)],
        cwd=tree,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch)} | environment,
        stdout=subprocess.DEVNULL,
        umask=umask,
        check=True,
    )
    return digests(into)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file that was built."""
    found = sorted(path for pattern in BUILT for path in folder.glob(pattern))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def unpacked(source: Path, into: Path) -> Path:
    """The only folder inside a source distribution."""
    with tarfile.open(source) as packed:
        packed.extractall(into, **SAFELY)
    (tree,) = into.iterdir()
    return tree


def build_twice(tree: Path, work: Path, epoch: int) -> Path:
    """The folder with a tree's wheel and source distribution. Raises NotTheSame where a second build differs."""
    first = build(tree, work / "first", epoch)
    (source,) = (work / "first").glob("*.tar.gz")
    second = build(unpacked(source, work / "again"), work / "second", epoch, umask=0o077, **ELSEWHERE)
    if first != second:
        raise NotTheSame(f"built twice, and not the same: {first} and {second}")
    return work / "first"


def main() -> int:
    """Writes `dist/` and prints the SHA-256 of what is there."""
    if git("status", "--porcelain", "--untracked-files=no"):
        print("dist: there are changes that are not committed; they are not in what is built", file=sys.stderr)
    epoch = int(git("log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        tree = snapshot(work / "tree")
        bill = with_bill(tree, epoch)
        try:
            built = build_twice(tree, work, epoch)
        except NotTheSame as error:
            print(f"dist: {error}", file=sys.stderr)
            return 1
        (wheel,) = built.glob("*.whl")
        into = ROOT / "dist"
        shutil.rmtree(into, ignore_errors=True)
        shutil.copytree(built, into)
        shutil.copy(bill, into / f"locum-{wheel.name.split('-')[1]}.cdx.json")
    print(f"built twice with the same result, times as of {datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}")
    for path in sorted(into.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
