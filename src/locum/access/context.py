"""The condition keys of the request: time, transport, address, client, region, and the resource's owner and tags.

Law: every key comes from what the server itself measured or verified (rule P9); a header that an outsider may set
gives only the keys that are defined by it (aws:UserAgent, aws:referer). The principal's keys come from
`iam/principals.py`, the action's from `Asked`. Source: IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from locum.call import Asked, Call
from locum.iam.organization import Place
from locum.iam.principals import organization_keys

Value = str | tuple[str, ...]
Keys = Mapping[str, Value]


class Gathered(Mapping[str, Value]):
    """Keys that are gathered when somebody asks for the first of them: most decisions meet no condition."""

    __slots__ = ("_gather", "_keys")

    def __init__(self, gather: Callable[[], Keys]) -> None:
        self._gather = gather
        self._keys: Keys | None = None

    def _all(self) -> Keys:
        if self._keys is None:
            self._keys = self._gather()
        return self._keys

    def __getitem__(self, name: str) -> Value:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def request_keys(call: Call) -> dict[str, str | tuple[str, ...]]:
    """The keys that every action of this request shares."""
    origin = call.origin
    keys: dict[str, str | tuple[str, ...]] = {
        "aws:CurrentTime": call.now.isoformat(timespec="seconds")[:19] + "Z",
        "aws:EpochTime": str(int(call.now.timestamp())),
        "aws:SecureTransport": "true" if origin.secure else "false",
        "aws:ViaAWSService": "false",
        "aws:RequestedRegion": origin.region or call.place.region,
        "aws:UserAgent": origin.user_agent,
    }
    if origin.source_ip:
        keys["aws:SourceIp"] = origin.source_ip
    if origin.referer:
        keys["aws:referer"] = origin.referer
    return keys


def asked_keys(asked: Asked, place: Place | None = None) -> dict[str, str | tuple[str, ...]]:
    """The keys of one action: its own, the resource's owner and its `place` in an organization, and the resource's tags
    under both of their names."""
    keys = dict(asked.context)
    if asked.arn != "*":
        keys["aws:ResourceAccount"] = asked.account
        keys.update(organization_keys("Resource", place))
    of_iam = ":iam:" in asked.arn
    for key, value in asked.tags.items():
        keys[f"aws:ResourceTag/{key}"] = value
        if of_iam:
            keys[f"iam:ResourceTag/{key}"] = value
    return keys
