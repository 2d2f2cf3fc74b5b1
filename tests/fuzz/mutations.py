"""Mutations of texts and requests, from a seed that replays them.

Law: knows requests as five texts and nothing of signatures; a mutation changes one thing, sometimes two, and may
happen to change nothing that counts. What should become of it is for the test to say.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import msgspec

from locum.http import Request

RUNS = "LOCUM_FUZZ"
SEED = "LOCUM_FUZZ_SEED"
SPICES = ("%", "%00", "%zz", "%2e", "+", " ", "  ", "&", "=", ";", ",", "/", "//", "/../", "?", "#", "\n", "\r\n", "\t")
SPICES += ("\x00", "\xe9", "\xff", "\u0661", "\U0001f600", "X-Amz-Signature=", "x-amz-acl", "_", "0", "A", "a", "=")


def runs() -> int:
    """How many mutations one fuzz test tries: `LOCUM_FUZZ`, or 100,000."""
    return int(os.environ.get(RUNS) or 100_000)


def seeded() -> random.Random:
    """The source of chance, from `LOCUM_FUZZ_SEED` or a new seed; the seed is printed so that it can be replayed."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(2**32))
    print(f"{SEED}={seed}")
    return random.Random(seed)


def flipped(text: str, chance: random.Random) -> str:
    """One bit of one character changed."""
    at = chance.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << chance.randrange(8))) + text[at + 1 :]


def spiced(text: str, chance: random.Random) -> str:
    """Something put in that parsers disagree about."""
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SPICES) + text[at:]


def cut(text: str, chance: random.Random) -> str:
    """A short piece taken out."""
    at = chance.randrange(len(text))
    return text[:at] + text[at + chance.choice((1, 1, 1, 2, 5)) :]


def doubled(text: str, chance: random.Random) -> str:
    """A short piece written twice."""
    at = chance.randrange(len(text))
    piece = text[at : at + chance.choice((1, 2, 8))]
    return text[:at] + piece + text[at:]


def swapped(text: str, chance: random.Random) -> str:
    """Two characters in each other's place."""
    a, b = sorted((chance.randrange(len(text)), chance.randrange(len(text))))
    return text if a == b else text[:a] + text[b] + text[a + 1 : b] + text[a] + text[b + 1 :]


def cased(text: str, chance: random.Random) -> str:
    """One letter in the other case."""
    at = chance.randrange(len(text))
    return text[:at] + text[at].swapcase() + text[at + 1 :]


def escaped(text: str, chance: random.Random) -> str:
    """One character written as an escape."""
    at = chance.randrange(len(text))
    return f"{text[:at]}%{ord(text[at]) & 255:{chance.choice(('02x', '02X'))}}{text[at + 1 :]}"


OF_TEXT: tuple[Callable[[str, random.Random], str], ...] = (flipped, spiced, cut, doubled, swapped, cased, escaped)


def mutated_text(text: str, chance: random.Random) -> str:
    """The text with one thing changed; an empty text can only gain."""
    return chance.choice(OF_TEXT)(text, chance) if text else spiced(text, chance)


def of_method(request: Request, chance: random.Random) -> Request:
    """Another method."""
    other = chance.choice(("GET", "PUT", "HEAD", "post", "POST ", "\u0420OST", ""))
    method = chance.choice((mutated_text(request.method, chance), other))
    return msgspec.structs.replace(request, method=method)


def of_path(request: Request, chance: random.Random) -> Request:
    """Another path, or the same written otherwise."""
    return msgspec.structs.replace(request, path=mutated_text(request.path, chance))


def of_query(request: Request, chance: random.Random) -> Request:
    """Another query, its parts in another order, one missing or one twice."""
    parts = request.query.split("&")
    choice = chance.randrange(4)
    if choice == 0:
        chance.shuffle(parts)
    elif choice == 1:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(parts))
    elif choice == 2:
        parts.pop(chance.randrange(len(parts)))
    query = "&".join(parts) if choice < 3 else mutated_text(request.query, chance)
    return msgspec.structs.replace(request, query=query)


def of_headers(request: Request, chance: random.Random) -> Request:
    """A header changed, renamed, moved, missing, twice, or new."""
    headers = list(request.headers)
    if not headers:
        return request
    at = chance.randrange(len(headers))
    name, value = headers[at]
    choice = chance.randrange(8)
    if choice < 3:
        headers[at] = (name, mutated_text(value, chance))
    elif choice == 3:
        headers[at] = (mutated_text(name, chance), value)
    elif choice == 4:
        headers.pop(at)
    elif choice == 5:
        headers.insert(chance.randrange(len(headers)), (name, chance.choice((value, "", mutated_text(value, chance)))))
    elif choice == 6:
        chance.shuffle(headers)
    else:
        new = chance.choice(("x-amz-acl", "X-Amz-Acl", "accept", "x-amz-security-token", "x-amz-date", "authorization"))
        headers.append((new, chance.choice(("", "x", value))))
    return msgspec.structs.replace(request, headers=tuple(headers))


def of_authorization(request: Request, chance: random.Random) -> Request:
    """The carrier itself changed, or its parts in another order."""
    text = request.header("authorization")
    if not text:
        return of_query(request, chance)
    if chance.randrange(4):
        changed = mutated_text(text, chance)
    else:
        scheme, _, rest = text.partition(" ")
        parts = rest.split(", ")
        chance.shuffle(parts)
        changed = f"{scheme} {chance.choice((',', ', ', ' , ')).join(parts)}"
    headers = tuple((n, changed if n == "authorization" else v) for n, v in request.headers)
    return msgspec.structs.replace(request, headers=headers)


def of_body(request: Request, chance: random.Random) -> Request:
    """Another body."""
    text = mutated_text(request.body.decode("latin-1"), chance)
    return msgspec.structs.replace(request, body=text.encode("utf-8", "replace"))


OF_REQUEST = (of_method, of_path, of_query, of_headers, of_headers, of_authorization, of_authorization, of_body)


def mutated(request: Request, chance: random.Random) -> Request:
    """The request with one part changed, and now and then a second."""
    request = chance.choice(OF_REQUEST)(request, chance)
    return chance.choice(OF_REQUEST)(request, chance) if chance.randrange(8) == 0 else request
