"""Which services an identity may use and when it last did: the service last accessed reports, and those of an
organization.

Law: fed by what was noted of real calls, allowed or not, of the last 400 days. A report is a picture of one moment,
made outside of the step that keeps it, so that a job is complete when its id is answered. The services are those that
an Allow of the identity's policies names; Deny, boundaries and conditions are not looked at (IAM User Guide, "Refine
permissions using last accessed information"). The latest hundred jobs of an account are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from locum.aws import actions as facts
from locum.aws.arn import Arn, ArnError
from locum.aws.faults import Refusal
from locum.aws.managed_policies import ManagedDocument
from locum.call import Call, Result, Use, operation
from locum.iam.entities import Group, Identity, Role, User
from locum.iam.listing import answered, every, page_of
from locum.iam.names import arn_of
from locum.iam.organization import place_of
from locum.iam.policies import PolicyVersion, get_policy_of, link_target, version_id
from locum.iam.principals import compiled
from locum.iam.simulation_sources import source_of
from locum.policy import Policy, PolicyKind
from locum.store.entity import Entity, Relation
from locum.store.tx import Tx

JOBS = 100
TRACKED = timedelta(days=400)
COMPLETED = "COMPLETED"
BY_SERVICE, BY_ACTION = "SERVICE_LEVEL", "ACTION_LEVEL"
#: services whose actions are told one by one: those that are performed here
TOLD = ("iam", "sts")
NO_JOB = "The job with id {id} cannot be found."  # ours
NO_ORGANIZATION = "The request was rejected because your organization does not exist."


class Member(msgspec.Struct, frozen=True):
    """A user or role that a report is about."""

    id: str
    arn: str
    kind: str
    name: str
    path: str


class Seen(msgspec.Struct, frozen=True):
    """A use by the member at that place of the report's list."""

    member: int
    at: datetime
    region: str


class ServiceUse(msgspec.Struct, frozen=True):
    """A service: its last use by each member that used it, the latest first, and the last use of each action."""

    namespace: str
    seen: tuple[Seen, ...] = ()
    actions: Mapping[str, Seen] = {}


class AccessJob(Entity, frozen=True, kw_only=True):
    """A report. `id` and `name` are the job's id."""

    kind: ClassVar[str] = "access-job"
    missing: ClassVar[str] = NO_JOB.replace("{id}", "{name}")
    exists: ClassVar[str] = "The job with id {name} already exists."
    decides: ClassVar[bool] = False
    unlogged: ClassVar[frozenset[str]] = frozenset({"members", "services"})

    arn: str
    granularity: str
    members: tuple[Member, ...]
    services: tuple[ServiceUse, ...]


class Report(msgspec.Struct, frozen=True):
    """What a job is to keep."""

    members: tuple[Member, ...]
    services: tuple[ServiceUse, ...]


def reported(call: Call, tx: Tx) -> Report:
    """The report about the ARN of the call, as of now. Raises what AWS answers to an ARN of nobody."""
    policies, identities = _scope(call, tx, call.inputs["Arn"])
    members = tuple(
        Member(one.id, arn_of(one, call.place.partition), one.kind.upper(), one.name, one.path) for one in identities
    )
    since = call.now - TRACKED
    uses = [
        {action: use for action, use in call.activity.uses_by(member.id).items() if use.at >= since}
        for member in members
    ]
    return Report(members, tuple(_service(name, uses) for name in sorted(granted(policies))))


def granted(policies: Iterable[Policy]) -> set[str]:
    """The namespaces of the services that an Allow of these policies names."""
    known = facts.services()
    found: set[str] = set()
    for statement in (one for policy in policies for one in policy.statements if not one.deny):
        services = {pattern.partition(":")[0].lower() for pattern in statement.actions}
        if statement.not_action:
            whole = {pattern.partition(":")[0].lower() for pattern in statement.actions if pattern.endswith(":*")}
            found |= known - whole
        else:
            found |= known if "*" in services else services & known
    return found


def _service(namespace: str, uses: Sequence[Mapping[str, Use]]) -> ServiceUse:
    latest: list[Seen] = []
    actions: dict[str, Seen] = {}
    for member, deeds in enumerate(uses):
        mine = [
            (action.partition(":")[2], Seen(member, use.at, use.region))
            for action, use in deeds.items()
            if action.partition(":")[0] == namespace
        ]
        if not mine:
            continue
        latest.append(max((seen for _, seen in mine), key=lambda seen: seen.at))
        for name, seen in mine:
            if name not in actions or seen.at > actions[name].at:
                actions[name] = seen
    latest.sort(key=lambda seen: seen.at, reverse=True)
    return ServiceUse(namespace, tuple(latest), actions)


def _scope(call: Call, tx: Tx, text: str) -> tuple[list[Policy], Sequence[User | Role]]:
    """The policies that a report is about, and the users and roles that may use them."""
    try:
        arn = Arn.parse(text)
    except ArnError:
        raise Refusal("InvalidInput", f"`{text}` is not an ARN", seen=text) from None
    if arn.resource.startswith("policy/"):
        policy = get_policy_of(call, tx, text)
        if isinstance(policy, ManagedDocument):
            document = policy.document
        else:
            document = tx.get_id(PolicyVersion, version_id(policy.id, policy.default_version)).document
        holders = tx.sources(Relation.ATTACHMENT, call.account, link_target(policy))
        return [compiled(document, PolicyKind.IDENTITY)], _people(call, tx, holders)
    source = source_of(call, tx, text)
    return [one.policy for one in source.policies], _people(call, tx, (source.identity.id,))


def _people(call: Call, tx: Tx, ids: Iterable[str]) -> list[User | Role]:
    """Users and roles by their ids, and of groups the users, each once."""
    found: dict[str, User | Role] = {}
    for id in ids:
        one: Identity | None = tx.find_id(User, id) or tx.find_id(Role, id) or tx.find_id(Group, id)
        if isinstance(one, Group):
            for user in tx.sources(Relation.MEMBERSHIP, call.account, id):
                found[user] = tx.get_id(User, user)
        elif one is not None:
            found[id] = one
    return list(found.values())


@operation(
    "iam:GenerateServiceLastAccessedDetails",
    writes=True,
    prepares=lambda call, store: store.read(lambda tx: reported(call, tx)),
)
def generate_service_last_accessed_details(call: Call, tx: Tx, *, arn: str, granularity: str = BY_SERVICE) -> Result:
    """Makes a report about a user, a role, a group or a policy, and answers the id of its job."""
    report: Report = call.prepared
    kept = sorted(every(tx, AccessJob, call.account), key=lambda job: job.created)
    for old in kept[: max(0, len(kept) + 1 - JOBS)]:
        tx.remove(old)
    id = str(UUID(bytes=call.mint.octets(16), version=4))
    job = AccessJob(
        id=id,
        account=call.account,
        name=id,
        created=call.now,
        arn=arn,
        granularity=granularity,
        members=report.members,
        services=report.services,
    )
    return {"JobId": tx.add(job).id}


@operation("iam:GetServiceLastAccessedDetails")
def get_service_last_accessed_details(
    call: Call, tx: Tx, *, job_id: str, max_items: int = 100, marker: str | None = None
) -> Result:
    """Answers a job's report, service by service in the order of their namespaces."""
    job = _job(call, tx, job_id)
    page = page_of(
        job.services,
        key=lambda service: service.namespace,
        listing=f"iam:GetServiceLastAccessedDetails {job.id}",
        marker=marker,
        limit=max_items,
    )
    rows = [_told(job, service) for service in page.items]
    return _head(job) | {"JobType": job.granularity} | answered("ServicesLastAccessed", rows, page.marker)


@operation("iam:GetServiceLastAccessedDetailsWithEntities")
def get_service_last_accessed_details_with_entities(
    call: Call, tx: Tx, *, job_id: str, service_namespace: str, max_items: int = 100, marker: str | None = None
) -> Result:
    """Answers who of a report may use a service, and when they last did."""
    job = _job(call, tx, job_id)
    service = next((one for one in job.services if one.namespace == service_namespace), None)
    if service is None:
        raise Refusal("InvalidInput", f"`{service_namespace}` is no service of this report", seen=service_namespace)
    seen = {one.member: one.at for one in service.seen}
    page = page_of(
        enumerate(job.members),
        key=lambda numbered: numbered[1].id,
        listing=f"iam:GetServiceLastAccessedDetailsWithEntities {job.id} {service_namespace}",
        marker=marker,
        limit=max_items,
    )
    rows = [_entity(member, seen.get(number)) for number, member in page.items]
    return _head(job) | answered("EntityDetailsList", rows, page.marker)


@operation("iam:GenerateOrganizationsAccessReport", writes=True)
def generate_organizations_access_report(
    call: Call, tx: Tx, *, entity_path: str, organizations_policy_id: str | None = None
) -> Result:
    """Refuses: without an organization there is nothing to report about, and of one no report is made yet."""
    if place_of(tx, call.account) is not None:
        raise Refusal("NotImplemented", f"Locum does not perform {call.operation.name} in an organization yet")
    raise Refusal("OrganizationNotFoundException", NO_ORGANIZATION, path=entity_path)


@operation("iam:GetOrganizationsAccessReport")
def get_organizations_access_report(
    call: Call,
    tx: Tx,
    *,
    job_id: str,
    max_items: int = 100,
    marker: str | None = None,
    sort_key: str | None = None,
) -> Result:
    """Refuses: no such job was ever begun."""
    raise Refusal("NoSuchEntity", NO_JOB.format(id=job_id), id=job_id)


def _job(call: Call, tx: Tx, id: str) -> AccessJob:
    job = tx.find_id(AccessJob, id)
    if job is None or job.account != call.account:
        raise Refusal("NoSuchEntity", NO_JOB.format(id=id), id=id)
    return job


def _head(job: AccessJob) -> dict[str, Any]:
    return {"JobStatus": COMPLETED, "JobCreationDate": job.created, "JobCompletionDate": job.created}


def _told(job: AccessJob, service: ServiceUse) -> dict[str, Any]:
    row: dict[str, Any] = {
        "ServiceName": facts.service_names().get(service.namespace, service.namespace),
        "ServiceNamespace": service.namespace,
        "TotalAuthenticatedEntities": len(service.seen),
    }
    if service.seen:
        last = service.seen[0]
        row |= {
            "LastAuthenticated": last.at,
            "LastAuthenticatedEntity": job.members[last.member].arn,
            "LastAuthenticatedRegion": last.region,
        }
    if job.granularity == BY_ACTION and service.namespace in TOLD:
        names = sorted(one.name for one in facts.actions(service.namespace).values())
        row["TrackedActionsLastAccessed"] = [_tracked(job, name, service.actions.get(name)) for name in names]
    return row


def _tracked(job: AccessJob, name: str, seen: Seen | None) -> dict[str, Any]:
    if seen is None:
        return {"ActionName": name}
    return {
        "ActionName": name,
        "LastAccessedEntity": job.members[seen.member].arn,
        "LastAccessedTime": seen.at,
        "LastAccessedRegion": seen.region,
    }


def _entity(member: Member, at: datetime | None) -> dict[str, Any]:
    about = {"Arn": member.arn, "Name": member.name, "Type": member.kind, "Id": member.id, "Path": member.path}
    return {"EntityInfo": about} | ({"LastAuthenticated": at} if at is not None else {})
