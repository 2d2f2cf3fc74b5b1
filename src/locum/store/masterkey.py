"""Where the master key comes from: a file, the environment, or a descriptor (rules K4 and K5, decisions 24 and 25).

Law: 64 hexadecimal digits, and a line's end at most. A file counts only when it is a regular file of this very user
that nobody else may read. A directory that holds something but no master key is sealed; only an empty one gets a new
key. Nothing here has a default, and no message holds a key.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, MutableMapping
from contextlib import suppress
from pathlib import Path

from locum.aws.secret import Secret
from locum.store.errors import SealedError

FILE = "master.key"
VARIABLE = "LOCUM_MASTER_KEY"
NEXT = ".next"  # ends the name of the file with the key that is about to follow (rule K6)
_UNFINISHED = "master.key.new"
#: every file of a directory that belongs to its master key
FILES = frozenset({FILE, FILE + NEXT, FILE + NEXT + ".new", _UNFINISHED})
_LONGEST = 256
_KEY = re.compile(r"([0-9a-f]{64})\n?", re.ASCII)


def read_file(path: Path) -> Secret:
    """The key in a file. Raises SealedError when it is not there, not a key, or not this user's alone (0600)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SealedError(f"the master key file `{path.name}` cannot be opened: {error.strerror}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise SealedError(f"the master key file `{path.name}` is no regular file")
        if found.st_uid != os.geteuid():
            raise SealedError(f"the master key file `{path.name}` belongs to user `{found.st_uid}`, not to this one")
        if found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            raise SealedError(
                f"the master key file `{path.name}` has mode `{mode:04o}`; others may use it, 0600 it must be"
            )
        return _parse(os.read(descriptor, _LONGEST), f"the master key file `{path.name}`")
    finally:
        os.close(descriptor)


def read_environment(environment: MutableMapping[str, str], name: str = VARIABLE) -> Secret | None:
    """The key in an environment variable, which is unset; None when it is not set."""
    text = environment.pop(name, None)
    return None if text is None else _parse(text.encode(), f"the variable `{name}`")


def read_descriptor(descriptor: int) -> Secret:
    """The key that waits at an inherited descriptor, which is closed."""
    octets = b""
    try:
        while len(octets) < _LONGEST and (more := os.read(descriptor, _LONGEST)):
            octets += more
    except OSError as error:
        raise SealedError(f"the descriptor `{descriptor}` cannot be read: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.close(descriptor)
    return _parse(octets, f"the descriptor `{descriptor}`")


def hand_on(key: Secret) -> int:
    """A descriptor that one worker inherits and reads the key from, once."""
    receiving, sending = os.pipe()
    os.write(sending, key.reveal().encode())  # SECRET
    os.close(sending)
    os.set_inheritable(receiving, True)
    return receiving


def of_directory(
    directory: Path, *, octets: Callable[[int], bytes] = os.urandom, besides: Collection[str] = ()
) -> Secret:
    """The key of a data directory: the one in it, or a new one when there is nothing in it at all `besides` files that
    hold no state."""
    path = directory / FILE
    if not path.exists() and not path.is_symlink():
        if {found.name for found in directory.iterdir()} - {_UNFINISHED, *besides}:
            raise SealedError(f"the directory is sealed: it holds something, but not its `{FILE}`")
        _make(path, Secret(octets(32).hex()))
    return read_file(path)


def write(path: Path, key: Secret) -> None:
    """Writes a key into a file of that name, complete and durable, for this user alone. What was there goes."""
    unfinished = path.with_name(path.name + ".new")
    _write_unfinished(unfinished, key)
    os.replace(unfinished, path)
    _sync(path.parent)


def following(path: Path) -> Path:
    """The file of the key that is about to follow the one in `path`."""
    return path.with_name(path.name + NEXT)


def replace(path: Path) -> None:
    """Lets the key that is about to follow be the key in `path`, durably."""
    os.replace(following(path), path)
    _sync(path.parent)


def _make(path: Path, key: Secret) -> None:
    """Writes a key so that the file is either complete and durable or not there. Another process may come first."""
    unfinished = path.with_name(_UNFINISHED)
    _write_unfinished(unfinished, key)
    with suppress(FileExistsError):
        os.link(unfinished, path)
    unfinished.unlink()
    _sync(path.parent)


def _write_unfinished(path: Path, key: Secret) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{key.reveal()}\n".encode())  # SECRET
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse(octets: bytes, source: str) -> Secret:
    """The key in octets. The message names the source alone."""
    found = _KEY.fullmatch(octets.decode("ascii", "replace"))
    if found is None:
        raise SealedError(f"{source} does not hold a master key: 64 hexadecimal digits in lower case")
    return Secret(found[1])
