"""What an operation is: its declaration, one use of it, and who uses it.

Law: every operation is declared exactly once, by its literal name, with `@operation`; the function's keyword arguments
are the inputs that AWS's model gives it (a test compares them). Nothing here reads HTTP, decides or stores.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from locum.aws import ids
from locum.aws.faults import Refusal
from locum.aws.limits import Limits
from locum.aws.secret import Secret
from locum.aws.tag import Tags
from locum.federation.keys import Keys
from locum.session.keyring import Keyring
from locum.session.session import Session
from locum.store.entity import Author
from locum.store.tx import Store, Tx
from locum.store.use import Use as Use

Result = Mapping[str, Any] | None

NO_KEYS = Keyring.of("dev", ())


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """What an identity provider has said of a caller, verified: by whom, about whom, for whom.

    `keys` are the condition keys that this becomes. `tags`, `transitive` and `source_identity` are what the provider
    gives the session. `seconds` and `until` bound it; `session_name` is the provider's to choose with SAML. `once` is
    the id of what works once, and until when it must be remembered.
    """

    provider: str
    issuer: str
    subject: str
    audience: str
    keys: Mapping[str, str | tuple[str, ...]]
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    subject_type: str = ""
    name_qualifier: str = ""
    session_name: str = ""
    seconds: int | None = None
    until: datetime | None = None
    once: tuple[str, datetime] | None = None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The authenticated principal of one request, as GetCallerIdentity shows it.

    `kind` is `root`, `user`, `assumed-role`, `federated-user`, `anonymous`, or `web-identity` and `saml` for whom an
    identity provider vouches. `user_id` is what GetCallerIdentity answers (AIDA…, AROA…:session, the account id for
    root). `entity_id` is the unique id of the user or role that holds the permissions, `entity_arn` its own ARN (with
    path). `session` is there for temporary credentials only.
    """

    kind: str
    account: str
    arn: str
    user_id: str
    entity_id: str = ""
    entity_arn: str = ""
    name: str = ""
    access_key_id: str = ""
    session: Session | None = None
    #: there for whom an identity provider vouches in this very call
    vouched: Vouched | None = None

    @property
    def temporary(self) -> bool:
        """Whether the credentials are temporary ones."""
        return self.session is not None


class Mint(Protocol):
    """Where randomness comes from. One of the few things that a test replaces by an argument."""

    def octets(self, count: int) -> bytes:
        """That many random bytes."""
        ...


class Activity(Protocol):
    """What was used when: recorded off the hot path, read by reports (decisions 19)."""

    def used(self, subject: str, use: Use) -> None:
        """Notes a use of a subject (an access-key id, a role id, a user id). Never raises, never blocks."""
        ...

    def last_used(self, subject: str) -> Use | None:
        """The last use that was noted, or None."""
        ...

    def uses_by(self, subject: str) -> Mapping[str, Use]:
        """What a subject did last: of each `SUBJECT DEED` that was noted, the use under its `DEED`."""
        ...


class Hashing(Protocol):
    """Where passwords become hashes: slow on purpose, and few at a time (rules K7, K8)."""

    def hash(self, password: Secret, pepper: Secret, salt: bytes) -> Secret:
        """The hash of a password, with its salt and parameters. Raises ServiceUnavailable when too many wait."""
        ...

    def matches(self, stored: Secret, password: Secret, pepper: Secret) -> bool:
        """Whether a hash is that of a password. Raises ServiceUnavailable when too many wait."""
        ...


class Awaited(Exception):
    """The keys of `issuer` must be fetched before this call can be answered; it is attempted again then."""

    def __init__(self, issuer: str) -> None:
        super().__init__(issuer)
        self.issuer = issuer


class Issuers(Protocol):
    """The keys of identity providers, from memory."""

    def keys(self, issuer: str, kid: str) -> Keys:
        """The keys of an issuer, of which one is perhaps called `kid`. Never waits: raises Awaited when they must be
        fetched, and a Refusal (IDPCommunicationError) when they could not be."""
        ...


class NoIssuers:
    """Where no provider is asked for keys."""

    def keys(self, issuer: str, kid: str) -> Keys:
        """Refuses."""
        raise Refusal("IDPCommunicationError", "No identity provider is asked for its keys here")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an operation asks permission for: an action on a resource of an account.

    `tags` are the resource's own; `context` holds the condition keys of this action. `trust` is the stored trust policy
    of the role that is to be assumed, and then that policy must allow too. `granted` is a policy by which the account
    itself allows it, as a resource's own policy does. `absent` says that the resource does not exist: nobody is allowed
    to use it, and the denial reads as any other.
    """

    action: str
    arn: str
    account: str
    tags: Mapping[str, str] = {}
    context: Mapping[str, str | tuple[str, ...]] = {}
    trust: str | None = None
    granted: str | None = None
    absent: bool = False


class _NoHashing:
    """Where there is no place to hash: nothing is set and nothing matches."""

    def hash(self, password: Secret, pepper: Secret, salt: bytes) -> Secret:
        raise Refusal("ServiceUnavailable", "this server hashes no passwords")

    def matches(self, stored: Secret, password: Secret, pepper: Secret) -> bool:
        raise Refusal("ServiceUnavailable", "this server hashes no passwords")


NO_HASHING: Hashing = _NoHashing()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where this server stands and what it promises: settings that an operation may see."""

    partition: str = "aws"
    region: str = "us-east-1"
    dev: bool = False
    #: whether an identity provider may be on this very machine and speak http
    local_issuers: bool = False
    #: where clients reach this server, without a slash at the end: what issuers of its own begin with
    address: str = "http://127.0.0.1"
    limits: Limits = Limits()

    @property
    def key_generation(self) -> int:
        """The generation bit of access-key ids made here: 0 in `dev` (rule E6)."""
        return 0 if self.dev else 1


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What the request brought besides its inputs; the facts behind aws:SourceIp and its kin."""

    request_id: str
    source_ip: str = ""
    user_agent: str = ""
    referer: str = ""
    secure: bool = False
    region: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One use of an operation.

    `inputs` are the inputs that were sent, in AWS's member names. `now` is the movable clock (sessions, CreateDate,
    aws:CurrentTime), `wire_now` the real one (signatures, TOTP); both were read once (decisions 1).
    """

    operation: Operation
    caller: Caller
    inputs: Mapping[str, Any]
    now: datetime
    wire_now: datetime
    mint: Mint
    place: Place
    origin: Origin
    activity: Activity
    #: what session tokens are sealed under
    keyring: Keyring = NO_KEYS
    issuers: Issuers = NoIssuers()
    #: when the MFA code that came with this very call was accepted
    mfa_at: datetime | None = None
    #: where passwords are hashed
    hashing: Hashing = NO_HASHING
    #: what the operation's `prepares` answered
    prepared: Any = None

    def __repr__(self) -> str:
        """Without the inputs, which may be secrets (rule K14)."""
        return f"Call({self.operation.name} by {self.caller.arn}, {self.origin.request_id})"

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @property
    def author(self) -> Author:
        """The caller as the author of changes."""
        return Author(
            arn=self.caller.arn, at=self.now, request_id=self.origin.request_id, operation=self.operation.name
        )

    def arn(self, resource: str, *, service: str = "iam", account: str | None = None) -> str:
        """The ARN of a resource of the caller's account (IAM's have no region)."""
        return f"arn:{self.place.partition}:{service}::{self.account if account is None else account}:{resource}"

    def new_id(self, prefix: str) -> str:
        """A new entity id with that prefix."""
        return ids.entity_id(prefix, self.mint.octets(11))


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one operation: its name (`iam:CreateRole`), what performs it, and how it is authorized.

    `writes` says whether it needs a write step. `later` names inputs of AWS's model that are not taken yet: using one
    is refused, never ignored. `asks` overrides what `access` derives from `aws/actions.py`. `mfa` marks the ones that
    take SerialNumber and TokenCode; the code is accepted in a step of its own before the rest (decisions 17).
    `prepares` does what is too slow for a step, or must outlive a refusal, after the call was allowed and before its
    write step, which finds the answer in `call.prepared`. `proof` answers whom the inputs prove the caller to be, where
    they and no signature do.
    """

    name: str
    function: Callable[..., Result]
    inputs: type[msgspec.Struct]
    writes: bool
    later: frozenset[str]
    asks: Callable[[Call, Tx], Sequence[Asked]] | None
    authorized: bool
    mfa: bool
    prepares: Callable[[Call, Store], object] | None = None
    proof: Callable[[Call, Tx], Caller] | None = None

    @property
    def service(self) -> str:
        """The signing name: `iam`."""
        return self.name.partition(":")[0]

    @property
    def action(self) -> str:
        """AWS's name of the operation: `CreateRole`."""
        return self.name.partition(":")[2]

    def perform(self, call: Call, tx: Tx) -> Result:
        """Runs the operation with the call's inputs, typed by its signature. Raises NotImplemented for an input that is
        not taken yet."""
        for member in self.later & call.inputs.keys():
            raise Refusal("NotImplemented", f"Locum does not take {member} of {self.name} yet")
        if not self.inputs.__struct_fields__:
            return self.function(call, tx)
        typed = msgspec.convert(call.inputs, self.inputs, dec_hook=_secret)
        return self.function(call, tx, **msgspec.structs.asdict(typed))


OPERATIONS: dict[str, Operation] = {}


def operation(
    name: str,
    *,
    writes: bool = False,
    later: tuple[str, ...] = (),
    asks: Callable[[Call, Tx], Sequence[Asked]] | None = None,
    authorized: bool = True,
    mfa: bool = False,
    prepares: Callable[[Call, Store], object] | None = None,
    proof: Callable[[Call, Tx], Caller] | None = None,
    members: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Declares the function below as the operation `name`.

    Its keyword-only arguments are the inputs; the member name is the argument in Pascal case, or what `members` says
    (`{"url": "Url"}` needs no entry, `{"client_id_list": "ClientIDList"}` does). `authorized=False` marks what AWS
    performs without any permission (sts:GetCallerIdentity). Raises ValueError for a second declaration of a name.
    """

    def declare(function: Callable[..., Result]) -> Callable[..., Result]:
        if name in OPERATIONS:
            raise ValueError(f"`{name}` is declared twice; every operation is declared exactly once")
        OPERATIONS[name] = Operation(
            name=name,
            function=function,
            inputs=_inputs(name, function, members or {}),
            writes=writes,
            later=frozenset(later),
            asks=asks,
            authorized=authorized,
            mfa=mfa,
            prepares=prepares,
            proof=proof,
        )
        return function

    return declare


def _secret(kind: type, value: object) -> object:
    """An input that is declared as a Secret, as one."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind.__name__)  # what msgspec expects of a hook that does not know a type


def _inputs(name: str, function: Callable[..., Result], members: Mapping[str, str]) -> type[msgspec.Struct]:
    """The struct of a function's keyword-only arguments, renamed to AWS's member names."""
    hints = typing.get_type_hints(function)
    fields: list[Any] = []
    rename = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        annotation = hints[parameter.name]
        if parameter.default is inspect.Parameter.empty:
            fields.append((parameter.name, annotation))
        else:
            fields.append((parameter.name, annotation, parameter.default))
        rename[parameter.name] = members.get(parameter.name) or "".join(
            word.capitalize() for word in parameter.name.split("_")
        )
    return msgspec.defstruct(name.replace(":", "_"), fields, kw_only=True, frozen=True, rename=rename)
