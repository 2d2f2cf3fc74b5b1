"""The spine: one request, from its HTTP message to the answer.

Law: the order of the lines in `answer` is the security of the system (rules S1 to S3, S21). Before authentication only
the carrier and the operation's name are read. Every answer that is not a success leaves through `wire.fault`. Of every
call there is a record (rule A1); what changes something or issues credentials is not answered before the record stands.
"""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

from locum import access
from locum.audit.trail import Batch, TrailError
from locum.aws.faults import Refusal
from locum.call import OPERATIONS, Awaited, Call, Operation, Origin, Result
from locum.http import Request, Response
from locum.server.caps import body_cap
from locum.server.denied import with_message
from locum.server.front import too_large
from locum.server.house import House, Moment
from locum.server.issuer_keys import UNREACHABLE
from locum.server.recorded import Witness
from locum.sigv4 import Carrier, carrier
from locum.store.errors import DamagedError
from locum.store.tx import Tx
from locum.wire import fault, protocols
from locum.wire.route import Routed, route

LOG = logging.getLogger("locum.server")
UNKNOWN = "The request processing has failed because of an unknown error."
UNRECORDED = "The request has failed due to a temporary failure of the server."


class Admitted(msgspec.Struct, frozen=True):
    """A request whose operation is known and nothing else: `carried` is unverified, `operation` is None when it is not
    performed yet."""

    request: Request
    carried: Carrier | None
    routed: Routed
    operation: Operation | None

    @property
    def writes(self) -> bool:
        """Whether answering waits for a durable commit."""
        return self.operation is not None and self.operation.writes


class MustWait(Exception):
    """This request waits for a durable commit: attempt it again where waiting is allowed, in the turn of this account,
    which a verified signature names (rule D7)."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self.account = account


class _Unproven(Exception):
    """The call brings an MFA code that was not put to the device yet."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


def admit(request: Request, *, shortest_key_id: int = 16) -> Admitted:
    """The operation that this request is for. Raises Refusal; proves nothing about who sent it (rule S3)."""
    carried = carrier(request, shortest_key_id=shortest_key_id)
    routed = route(request, carried.service if carried else None)
    if len(request.body) > body_cap(routed.shape):
        raise too_large(body_cap(routed.shape))
    return Admitted(request, carried, routed, OPERATIONS.get(routed.action))


class Answered(msgspec.Struct, frozen=True):
    """An answer that may be sent once `batch` stands, in which the record of its call is; None has nothing to wait
    for. `operation` and `outcome` are the record's; `access_key_id` is the key whose signature was verified, if any."""

    response: Response
    operation: str
    outcome: str
    service: str
    request_id: str
    batch: Batch | None = None
    access_key_id: str = ""

    def settled(self) -> Answered:
        """What it is once the batch is done: a refusal when the record could not be written (rules A1, R12)."""
        if self.batch is None or self.batch.failure is None:
            return self
        failed = Refusal("ServiceUnavailable", UNRECORDED)
        response = refused(failed, self.service, self.request_id)
        return Answered(response, self.operation, failed.code, self.service, self.request_id)


def answer(admitted: Admitted, house: House, request_id: str, *, may_wait: bool = True) -> Response:
    """The answer to an admitted request, when its record stands. Raises MustWait, and that only with
    `may_wait=False`; fetches an identity provider's keys where they are needed."""
    try:
        answered = attempt(admitted, house, request_id, may_wait=may_wait)
    except Awaited as awaited:
        answered = attempt(admitted, house, request_id, may_wait=may_wait, fetching=_fetching(house, awaited.issuer))
    if answered.batch is not None:
        answered.batch.wait()
    return answered.settled().response


def attempt(
    admitted: Admitted,
    house: House,
    request_id: str,
    *,
    may_wait: bool = True,
    again: bool = False,
    fetching: Refusal | bool = False,
) -> Answered:
    """The answer to an admitted request, and what it waits for. Raises MustWait, but only with `may_wait=False`, and
    Awaited when keys of an issuer must be fetched, unless `fetching` says that they were, or why they will not be.

    `again` says that it was attempted before: its key is charged once (rule D5), and what a write is refused for was
    asked already and is asked once more inside the write.
    """
    witness, moment, service = Witness(), house.clocks.moment(), admitted.routed.service
    refusal: Refusal | None = None
    durable = False
    try:
        response, durable = _answer(admitted, house, request_id, moment, witness, may_wait=may_wait, again=again)
    except MustWait:
        raise
    except Awaited:
        if not fetching:
            raise
        refusal = fetching if isinstance(fetching, Refusal) else Refusal("IDPCommunicationError", UNREACHABLE)
    except Refusal as caught:
        refusal = _bare(caught)
    except DamagedError as damage:  # nothing was written, and asking again will not help (rule R1)
        refusal = Refusal("ServiceUnavailable", str(damage))
    except Exception:
        LOG.exception("request %s failed", request_id)
        refusal, durable = Refusal("InternalFailure", UNKNOWN), admitted.writes  # who knows what stands by now
    if refusal is not None:
        response = refused(refusal, service, request_id)
        response = with_message(response, refusal, witness.call, witness.judgement, house.mint)
    outcome = witness.outcome(refusal)
    batch: Batch | None = None
    try:
        record = witness.record(
            admitted.request,
            admitted.carried,
            admitted.routed,
            request_id,
            refusal,
            changes=admitted.writes,
            at=moment.wire_now,
        )
        batch = house.trail.add(record, durable=durable)
    except Exception as error:  # what is not on record is not said to be done
        if not isinstance(error, TrailError):
            LOG.exception("request %s could not be recorded", request_id)
        failed = Refusal("ServiceUnavailable", UNRECORDED)
        response, outcome = refused(failed, service, request_id), failed.code
    key = witness.caller.access_key_id if witness.caller is not None else ""
    return Answered(response, admitted.routed.action, outcome, service, request_id, batch, key)


def _bare(refusal: Refusal) -> Refusal:
    """A refusal that no longer knows where it was raised. With its traceback it holds the frames that hold it, and all
    of the request with them, until the collector comes by: a flood of refusals would make that everybody's pause."""
    refusal.__traceback__ = refusal.__cause__ = refusal.__context__ = None
    return refusal


def _fetching(house: House, issuer: str) -> Refusal | bool:
    """Fetches an issuer's keys and waits for them; a refusal when too many others are being fetched."""
    try:
        house.issuers.fetch(issuer).result()
    except Refusal as refusal:
        return refusal
    return True


def refused(refusal: Refusal, service: str | None, request_id: str) -> Response:
    """A refusal as that service's clients read it."""
    body = fault.render(refusal, service, request_id)
    return Response(fault.status(refusal, service), fault.headers(request_id, service), body)


def _answer(
    admitted: Admitted, house: House, request_id: str, moment: Moment, witness: Witness, *, may_wait: bool, again: bool
) -> tuple[Response, bool]:
    """The answer, and whether it may leave only when its record is durable."""
    request, operation, shape = admitted.request, admitted.operation, admitted.routed.shape
    mfa_at: datetime | None = None
    proven = False
    prepared: object = None
    charged = again

    def enter(tx: Tx) -> Call:
        """Who calls, and only then what they ask for (rule S21)."""
        nonlocal charged
        verification = house.verifying(tx)
        caller = access.authenticate(
            request,
            admitted.carried,
            shape,
            tx,
            verification,
            place=house.place,
            now=moment.now,
            wire_now=moment.wire_now,
        )
        witness.begin(caller, tx.generation(caller.account))
        if caller.access_key_id and not charged:
            charged = True
            house.rates.require(caller.access_key_id)
        region = admitted.carried.region if admitted.carried else house.place.region
        access.record(
            caller,
            house.activity,
            service=admitted.routed.service,
            region=region,
            now=moment.now,
            action=admitted.routed.action,
        )
        if operation is None:
            raise Refusal("NotImplemented", f"Locum does not perform {shape.action} yet")
        call = Call(
            operation=operation,
            caller=caller,
            inputs=protocols.read(request, shape),
            now=moment.now,
            wire_now=moment.wire_now,
            mint=house.mint,
            place=house.place,
            origin=_origin(request, admitted.carried, request_id),
            activity=house.activity,
            keyring=verification.keyring,
            issuers=house.issuers,
            mfa_at=mfa_at,
            hashing=house.hashing,
            prepared=prepared,
        )
        witness.call = call
        if operation.proof is not None:  # who it is, an identity provider says, and not a signature
            call = msgspec.structs.replace(call, caller=operation.proof(call, tx))
            witness.begin(call.caller, tx.generation(call.account))
            witness.call = call
        if operation.mfa and not proven and access.brings_code(call):
            raise _Unproven(call)
        return call

    def check(tx: Tx) -> Call:
        call = enter(tx)
        witness.judgement = access.authorize(call, tx)
        witness.judgement.or_refuse(call, house.denials)
        return call

    def step(tx: Tx) -> Result:
        call = check(tx)
        if call.operation.writes:
            tx.written_by(call.author)
        return call.operation.perform(call, tx)

    if admitted.writes:
        if house.trail.failure is not None:  # what cannot be on record is not done (rule R12)
            raise Refusal("ServiceUnavailable", UNRECORDED)
        prepares = operation.prepares if operation is not None else None
        if not again or prepares is not None:  # what would be refused never reaches the writer, nor is it prepared
            call = house.store.read(check)
            if not may_wait:
                raise MustWait(call.caller.account)
            if prepares is not None:
                prepared = prepares(call, house.store)
        result = house.store.write(step)
    else:
        try:
            result = house.store.read(step)
        except _Unproven as unproven:
            if not may_wait:
                raise MustWait(unproven.call.caller.account) from None
            mfa_at, proven = access.accept_mfa(unproven.call, house.store), True
            result = house.store.read(step)
    issues = result is not None and ("Credentials" in result or "WebIdentityToken" in result)
    response = Response(200, fault.headers(request_id, shape.service), protocols.render(shape, result, request_id))
    return response, admitted.writes or issues


def _origin(request: Request, carried: Carrier | None, request_id: str) -> Origin:
    return Origin(
        request_id=request_id,
        source_ip=request.peer,
        user_agent=request.header("user-agent"),
        referer=request.header("referer"),
        secure=request.secure,
        region=carried.region if carried else "",
    )
