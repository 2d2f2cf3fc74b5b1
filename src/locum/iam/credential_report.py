"""The credential report: a line of CSV for root and for each user, saying how they can get in and when they did.

Law: 22 columns in AWS's order and words (wire 11). A report is a picture of one moment, made outside of the step that
keeps it, and counts for four hours; until then it is shown as it was. Who asks while one is being made is told so. A
cell that a spreadsheet would take for a formula gets a quote before it (rule C11).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from msgspec.structs import replace

from locum.aws.faults import Refusal
from locum.call import Call, Result, operation
from locum.iam.access_keys import NEVER, AccessKey
from locum.iam.entities import Account, User
from locum.iam.listing import every
from locum.iam.login_profiles import find_profile, password_use
from locum.iam.mfa_devices import devices_of
from locum.iam.names import arn_of
from locum.iam.password_policy import PasswordPolicy, expires_at, find_policy
from locum.iam.signing_certificates import SigningCertificate
from locum.iam.status import ACTIVE
from locum.iam.subject import Root
from locum.store.entity import Entity
from locum.store.tx import Store, Tx

T = TypeVar("T", bound=Entity)

LASTS = timedelta(hours=4)
GIVEN_UP = timedelta(minutes=5)  # a report that was begun so long ago and never came is not waited for
STARTED, INPROGRESS, COMPLETE = "STARTED", "INPROGRESS", "COMPLETE"
BEGUN = "No report exists. Starting a new report generation task"
NOT_HERE = "Unknown"  # what AWS says with ReportNotPresent and ReportInProgress (third party, September 2026)
EXPIRED = "the report is older than four hours; GenerateCredentialReport makes a new one"  # ours

NONE, UNUSED, NO_WORD = "N/A", "no_information", "not_supported"
KEYS, CERTIFICATES = 2, 2
COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(
        f"access_key_{number}_{what}"
        for number in range(1, KEYS + 1)
        for what in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    ),
    *(f"cert_{number}_{what}" for number in range(1, CERTIFICATES + 1) for what in ("active", "last_rotated")),
)


class CredentialReport(Entity, frozen=True, kw_only=True):
    """An account's report. `id` and `name` are the account's. `begun` is when its making began, `made` what moment it
    shows, `content` the CSV; the last two are None and empty until there is one."""

    kind: ClassVar[str] = "credential-report"
    missing: ClassVar[str] = NOT_HERE
    exists: ClassVar[str] = "the account has a report already"
    decides: ClassVar[bool] = False
    unlogged: ClassVar[frozenset[str]] = frozenset({"content"})

    begun: datetime | None = None
    made: datetime | None = None
    content: str = ""

    def fresh(self, now: datetime) -> bool:
        """Whether the report may still be shown."""
        return self.made is not None and now - self.made < LASTS

    def being_made(self, now: datetime) -> bool:
        """Whether somebody is making it."""
        return self.begun is not None and now - self.begun < GIVEN_UP


def begin(call: Call, tx: Tx) -> str:
    """Says that a report is being made from now on, unless there is one or somebody does; the state to answer."""
    report = tx.find_id(CredentialReport, call.account)
    if report is not None and report.fresh(call.now):
        return COMPLETE
    if report is not None and report.being_made(call.now):
        return INPROGRESS
    if report is None:
        report = tx.add(CredentialReport(id=call.account, account=call.account, name=call.account, created=call.now))
    tx.put(replace(report, begun=call.now, made=None, content=""))
    return STARTED


def written(call: Call, tx: Tx) -> str:
    """The report of this moment: CSV with LF between its lines and none at its end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    policy = find_policy(tx, call.account)
    writer.writerow(_row(call, tx, Root(call.account), policy))
    for user in every(tx, User, call.account):
        writer.writerow(_row(call, tx, user, policy))
    return text.getvalue().removesuffix("\n")


def _prepare(call: Call, store: Store) -> tuple[str, str]:
    """The state to answer, and the report if it is ours to make."""

    def authored(tx: Tx) -> str:
        tx.written_by(call.author)
        return begin(call, tx)

    state = store.write(authored)
    return state, store.read(lambda tx: written(call, tx)) if state == STARTED else ""


@operation("iam:GenerateCredentialReport", writes=True, prepares=_prepare)
def generate_credential_report(call: Call, tx: Tx) -> Result:
    """Makes a report, unless there is one that is younger than four hours."""
    state, content = call.prepared
    if state != STARTED:
        return {"State": state}
    report = tx.find_id(CredentialReport, call.account)
    if report is not None and report.begun == call.now:  # nobody has begun anew since
        tx.put(replace(report, begun=None, made=call.now, content=content))
    return {"State": STARTED, "Description": BEGUN}


@operation("iam:GetCredentialReport")
def get_credential_report(call: Call, tx: Tx) -> Result:
    """Answers with the report. Raises ReportNotPresent, ReportInProgress, or ReportExpired after four hours."""
    report = tx.find_id(CredentialReport, call.account)
    if report is not None and report.made is None and report.being_made(call.now):
        raise Refusal("ReportInProgress", NOT_HERE)
    if report is None or report.made is None:
        raise Refusal("ReportNotPresent", NOT_HERE)
    if not report.fresh(call.now):
        raise Refusal("ReportExpired", EXPIRED)
    return {"Content": report.content.encode(), "ReportFormat": "text/csv", "GeneratedTime": report.made}


def _row(call: Call, tx: Tx, whom: User | Root, policy: PasswordPolicy | None) -> Iterator[str]:
    root = isinstance(whom, Root)
    if isinstance(whom, Root):
        yield from ("<root_account>", call.arn("root"), _time(tx.get_id(Account, whom.account).created))
    else:
        yield from (_cell(whom.name), arn_of(whom, call.place.partition), _time(whom.created))
    profile, use = find_profile(tx, whom), call.activity.last_used(password_use(whom.id))
    last = _time(use.at) if use is not None else UNUSED
    if root:
        yield from (NO_WORD, last, NO_WORD, NO_WORD)
    elif profile is None:
        yield from (_truth(False), NONE, NONE, NONE)
    else:
        following = expires_at(policy, profile.changed)
        yield from (_truth(True), last, _time(profile.changed), NONE if following is None else _time(following))
    yield _truth(bool(devices_of(tx, whom)))
    yield from _keys(call, _oldest(tx.owned(AccessKey, whom.id), KEYS))
    for certificate in _oldest(tx.owned(SigningCertificate, whom.id), CERTIFICATES):
        if certificate is None:
            yield from (_truth(False), NONE)
        else:
            yield from (_truth(certificate.status == ACTIVE), _time(certificate.created))


def _keys(call: Call, keys: Sequence[AccessKey | None]) -> Iterator[str]:
    for key in keys:
        if key is None:
            yield from (_truth(False), NONE, NONE, NEVER, NEVER)
            continue
        use = call.activity.last_used(key.id)
        yield from (_truth(key.active), _time(key.created))
        yield from (NONE, NEVER, NEVER) if use is None else (_time(use.at), use.region, use.service)


def _oldest(found: Sequence[T], count: int) -> list[T | None]:
    ordered = sorted(found, key=lambda one: (one.created, one.id))[:count]
    return [*ordered, *[None] * (count - len(ordered))]


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(text: str) -> str:
    return f"'{text}" if text[0] in "=+-@\t" else text
