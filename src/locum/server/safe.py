"""What makes a start unsafe, before anything is opened: address, TLS, proxies, files.

Law: rules E3, E4, K4 and R1. Each rule looks at one thing and answers with the reason not to start, or None; the first
reason counts. Reads files and makes none. What only the opened store can tell (seal, mode, well-known keys) is refused
where it is opened (`production.py`). Does not look at what a certificate is for: clients do.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import os
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

from locum.server.settings import FILE, Settings
from locum.server.well_known import WellKnownError, require_own_account
from locum.store import filesystem, masterkey


class UnsafeError(Exception):
    """A start that is not safe: what was seen and what would be right. Exit status 78."""


def _whole_tls(settings: Settings) -> str | None:
    for here, there in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if getattr(settings, here) and not getattr(settings, there):
            given, missing = here.replace("_", "-"), there.replace("_", "-")
            return f"`--{given}` is given without `--{missing}`; TLS takes both"
    return None


def _private_key(settings: Settings) -> str | None:
    if settings.tls_key is None:
        return None
    try:
        found = settings.tls_key.stat()
    except OSError as error:
        return f"the TLS key `{settings.tls_key}` cannot be read: {error.strerror}"
    if found.st_uid not in (os.geteuid(), 0):
        return f"the TLS key `{settings.tls_key}` belongs to user `{found.st_uid}`, neither to this one nor to root"
    if found.st_mode & 0o037:
        return f"the TLS key `{settings.tls_key}` has mode `{stat.S_IMODE(found.st_mode):04o}`; make it 0600"
    return None


def _usable_tls(settings: Settings) -> str | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        tls_context(settings.tls_cert, settings.tls_key)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"`--tls-cert` and `--tls-key` cannot be used together: {reason}"
    return None


def _reach(settings: Settings) -> str | None:
    if settings.loopback or settings.tls or settings.behind_proxy:
        return None
    return (
        f"`{settings.host}` can be reached from elsewhere and nothing encrypts what goes there; give `--tls-cert` and "
        "`--tls-key`, or `--behind-proxy` with the proxy's network, or listen on 127.0.0.1"
    )


def _narrow_proxies(settings: Settings) -> str | None:
    for network in settings.behind_proxy or ():
        if ipaddress.ip_network(network).prefixlen == 0:
            return f"`--behind-proxy {network}` lets everybody say from where they come; name the proxy's own network"
    return None


def _own_account(settings: Settings) -> str | None:
    try:
        require_own_account(settings.account_id or "")
    except WellKnownError as error:
        return str(error)
    return None


def _directory(settings: Settings) -> str | None:
    directory = settings.data_dir
    if not directory.exists():
        return _unmakable(directory)
    if not directory.is_dir():
        return f"the data directory `{directory}` is no directory"
    found = directory.stat()
    if found.st_uid != os.geteuid():
        return f"the data directory `{directory}` belongs to user `{found.st_uid}`, not to this one"
    if found.st_mode & 0o022:
        mode = stat.S_IMODE(found.st_mode)
        return f"others may write into the data directory `{directory}` (mode `{mode:04o}`); make it 0700"
    if (system := filesystem.network(directory)) is not None:
        return f"the data directory `{directory}` is on `{system}`, where locks and syncs cannot be trusted"
    return None


def _unmakable(directory: Path) -> str | None:
    """What stands in the way of a directory that is not there; what only the attempt can tell is said there."""
    above = next(one for one in directory.absolute().parents if one.exists())
    if not above.is_dir():
        return f"the data directory `{directory}` cannot be made: `{above}` is no directory"
    if not os.access(above, os.W_OK | os.X_OK):
        return f"the data directory `{directory}` cannot be made: this user may not write into `{above}`"
    return None


def _settings_file(settings: Settings) -> str | None:
    path = settings.settings_file
    if path.exists() and path.stat().st_uid not in (os.geteuid(), 0):
        return f"the settings file `{path}` belongs to user `{path.stat().st_uid}`, neither to this one nor to root"
    if path.exists() and path.stat().st_mode & 0o022:
        return f"others may write the settings file `{path}` (mode `{stat.S_IMODE(path.stat().st_mode):04o}`)"
    return None


def _store_there(settings: Settings) -> str | None:
    directory = settings.data_dir
    if not directory.is_dir() or (directory / STORE).exists():
        return None
    left = sorted({one.name for one in directory.iterdir()} - masterkey.FILES - {FILE})
    if left and not any(_ours(one.name) for one in directory.iterdir()):
        return f"`{directory}` is not a Locum data directory: it holds `{left[0]}`; name a new or an empty one"
    if left:
        return f"the data directory `{directory}` holds `{left[0]}` but no `{STORE}`; restore it, nothing is made anew"
    return None


def _ours(name: str) -> bool:
    """Whether a file of that name tells that a directory was a data directory."""
    return name in OURS or name in masterkey.FILES or fnmatch.fnmatchcase(name, "root-key*.json")


STORE = "locum.db"
#: what a restore that was killed leaves
UNFINISHED = "restoring"
#: what else stands beside the store
OURS = frozenset({"audit", "activity.db", "locum.db-wal", "locum.db-shm", UNFINISHED})

RULES: tuple[Callable[[Settings], str | None], ...] = (
    _whole_tls,
    _private_key,
    _usable_tls,
    _reach,
    _narrow_proxies,
    _own_account,
    _directory,
    _settings_file,
    _store_there,
)


def require_safe(settings: Settings) -> None:
    """Raises UnsafeError with the first reason not to start."""
    for rule in RULES:
        if reason := rule(settings):
            raise UnsafeError(reason)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with that certificate. Raises OSError or ValueError when the two do not go together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key, password=_no_passphrase)
    return context


def _no_passphrase() -> str:
    raise ValueError("the key is under a passphrase, and there is nobody to ask at a start")
