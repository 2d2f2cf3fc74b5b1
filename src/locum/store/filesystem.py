"""Which file system a path is on, and whether SQLite's locks and syncs can be trusted there (rule R1).

Law: what is kept over a network is refused: there, two machines may hold one lock, and a sync may end before anything
is on a disk. The kernel's magic number counts, and, because every FUSE shares one, the type in the table of mounts.
Where neither can be asked (not Linux) nothing is refused. Does not look at what a local disk does with its cache.

Numbers: Linux `include/uapi/linux/magic.h` and statfs(2). Types: proc(5), `mountinfo`.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

from locum.store.errors import StoreError

#: magic number -> the name that people know
MAGIC = {
    0x6969: "nfs",
    0x517B: "smb",
    0xFF534D42: "cifs",
    0xFE534D42: "smb2",
    0x01021997: "9p",
    0x5346414F: "afs",
    0x6B414653: "afs",
    0x00C36400: "ceph",
    0x73757245: "coda",
    0x0BD00BD0: "lustre",
    0x786F4256: "vboxsf",
    0x19830326: "beegfs",
    0x47504653: "gpfs",
}

#: types in the table of mounts; of FUSE those that go over a network
TYPES = frozenset(
    """
    nfs nfs4 cifs smb3 smbfs 9p afs ceph coda lustre vboxsf beegfs gpfs ncpfs sshfs glusterfs
    fuse.sshfs fuse.glusterfs fuse.ceph fuse.s3fs fuse.goofys fuse.mount-s3 fuse.gcsfuse fuse.blobfuse fuse.blobfuse2
    fuse.rclone fuse.davfs fuse.curlftpfs fuse.juicefs fuse.smbnetfs fuse.seaweedfs fuse.mfs fuse.hdfs
    """.split()  # noqa: SIM905  a list of so many would take a line each
)

MOUNTS = Path("/proc/self/mountinfo")
#: what the kernel writes in the name of a mount point for what would end it
_ESCAPED = {r"\040": " ", r"\011": "\t", r"\012": "\n", r"\043": "#", r"\134": "\\"}
_ESCAPE = re.compile(r"\\[0-7]{3}", re.ASCII)
_STATFS_OCTETS = 256  # more than any Linux's `struct statfs` takes


def require_local(path: Path) -> None:
    """Raises StoreError when the path, or the nearest directory above it that exists, is on a network file system."""
    if (found := network(path)) is not None:
        raise StoreError(
            f"`{path}` is on `{found}`, a file system over a network, where locks and syncs cannot be trusted; put it "
            "on a disk of this machine",
            file_system=found,
        )


def network(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The name of the network file system that a path is on, or None for a local one."""
    place = path.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if (found := MAGIC.get(magic(place))) is not None:
        return found
    kind = type_of(place, mounts)
    return kind if kind in TYPES else None


def magic(path: Path) -> int:
    """The magic number of the file system that an existing path is on; 0 where that cannot be asked."""
    if not sys.platform.startswith("linux"):
        return 0
    room = ctypes.create_string_buffer(_STATFS_OCTETS)
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(path), room) != 0:
        return 0
    return ctypes.c_long.from_buffer(room).value & 0xFFFFFFFF


def type_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the nearest mount above a path, as the table of mounts says it; None where there is no table."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = path.resolve()
    found, depth = None, -1
    for line in lines:
        mount, _, system = line.partition(" - ")
        words = mount.split()
        if len(words) < 5 or not system:
            continue
        point = Path(_ESCAPE.sub(lambda found: _ESCAPED.get(found[0], found[0]), words[4]))
        if place.is_relative_to(point) and len(point.parts) >= depth:  # a later mount covers an earlier one
            found, depth = system.split()[0], len(point.parts)
    return found
