"""The condition keys that verified claims become: `ISSUER:aud`, `:sub`, `:amr`, and what AWS takes of some providers.

Law: from verified claims only (rule F8); which claims of which provider are keys is AWS's list (Service Authorization
Reference, AssumeRoleWithWebIdentity), read from its mirror. ISSUER is the provider's URL without its scheme.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from locum.aws.actions import action
from locum.federation.id_token import Claims
from locum.federation.values import Number

Keys = dict[str, str | tuple[str, ...]]

_PLACE = re.compile(r"\$\{[A-Za-z]+\}", re.ASCII)
GOOGLE = "accounts.google.com"


def keys_of(claims: Claims, provider: str) -> Keys:
    """The condition keys of a token of that provider."""
    keys: Keys = {f"{provider}:aud": claims.audience, f"{provider}:sub": claims.subject}
    if provider == GOOGLE:
        keys[f"{provider}:oaud"] = _texts(claims.all.get("aud"))[0]
    if methods := _texts(claims.all.get("amr")):
        keys[f"{provider}:amr"] = methods
    for name in _claims(provider):
        if (found := _texts(_found(claims.all, name))) and f"{provider}:{name}" not in keys:
            keys[f"{provider}:{name}"] = found if len(found) > 1 else found[0]
    return keys


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name; Google's organization stands inside the claim `google`."""
    if name in claims:
        return claims[name]
    outer, _, inner = name.partition("/")
    nested = claims.get(outer)
    return nested.get(inner) if isinstance(nested, dict) else None


def _texts(value: Any) -> tuple[str, ...]:
    """A claim as the values of a key; nothing for what is neither text, number, truth nor a list of texts."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, Number | str):
        return (str(value),)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(str(one) for one in value)
    return ()


def _claims(provider: str) -> Iterator[str]:
    """The claims that AWS takes as keys of this provider."""
    for pattern, name in _table():
        if pattern.fullmatch(provider):
            yield name


@functools.cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    for key in action("sts", "AssumeRoleWithWebIdentity").condition_keys:
        provider, _, name = key.partition(":")
        if "." in provider:
            plain = _PLACE.split(provider)
            found.append((re.compile("[^:/]+".join(map(re.escape, plain)), re.ASCII), name))
    return tuple(found)
