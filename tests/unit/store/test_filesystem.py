"""What is kept over a network is refused, by the kernel's number or by the table of mounts (rule R1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from locum.store.filesystem import MAGIC, TYPES, magic, network, require_local, type_of

LINE = "36 35 98:0 / {point} rw,noatime shared:1 master:2 - {kind} somewhere rw"


def mounts(folder: Path, **points: str) -> Path:
    """A table of mounts: a point below the folder (`root` is the folder itself) and what is mounted there."""
    table = folder / "mountinfo"
    lines = [LINE.format(point="/", kind="ext4")]
    for name, kind in points.items():
        point = str(folder if name == "root" else folder / name).replace(" ", "\\040")
        lines.append(LINE.format(point=point, kind=kind))
    table.write_text("\n".join(lines) + "\n")
    return table


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_network_file_system_is_named(tmp_path: Path, kind: str) -> None:
    assert network(tmp_path, mounts(tmp_path, root=kind)) == kind


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "zfs", "fuse.mergerfs", "fuseblk"])
def test_a_local_file_system_is_not(tmp_path: Path, kind: str) -> None:
    assert network(tmp_path, mounts(tmp_path, root=kind)) is None


def test_the_nearest_mount_counts(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "farther").mkdir()
    table = mounts(tmp_path, far="nfs4")
    assert network(tmp_path / "far", table) == "nfs4"
    assert network(tmp_path / "far" / "not" / "there" / "yet", table) == "nfs4"
    assert network(tmp_path / "farther", table) is None


def test_the_last_mount_on_a_point_counts(tmp_path: Path) -> None:
    table = mounts(tmp_path, root="nfs4")
    table.write_text(table.read_text() + LINE.format(point=tmp_path, kind="xfs") + "\n")
    assert type_of(tmp_path, table) == "xfs"


def test_a_point_with_a_space_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    assert type_of(folder, mounts(tmp_path, **{"with space": "cifs"})) == "cifs"


def test_without_a_table_of_mounts_the_number_alone_counts(tmp_path: Path) -> None:
    assert type_of(tmp_path, tmp_path / "none") is None
    assert network(tmp_path, tmp_path / "none") is None


def test_the_number_of_a_file_system_is_asked_of_the_kernel() -> None:
    assert magic(Path("/proc")) == 0x9FA0
    assert 0x9FA0 not in MAGIC


def test_this_machine_keeps_its_tests_on_a_disk_of_its_own(tmp_path: Path) -> None:
    require_local(tmp_path / "locum.db")
