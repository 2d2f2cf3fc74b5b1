"""Random values that fit a shape of AWS's models, for the round trips against botocore.

Law: everything is drawn from the Random that is passed in, so that a printed seed replays it.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from locum.aws.shapes import OperationShape, Shape
from locum.wire.patterns import compiled

POOL = "abcXYZ019_-.,:;@=+/ !~\t\n\r&<>'\"%\u00e9\u00ff\u0416\u4e2d\U0001f600"

# Patterns that are more than one class repeated: a text that fits, at least as long as asked for.
STRUCTURED = {
    r"\d{12}": lambda random, size: "".join(random.choices("0123456789", k=12)),
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)": lambda random, size: "/" + "a&<'%/"[: random.randint(0, 5)] + "b/",
    r"\u002F[\u0021-\u007F]*": lambda random, size: "/" + "x" * size,
    r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?": lambda random, size: f"v{random.randint(1, 99)}",
    r"^[A-Za-z][A-Za-z0-9/_-]*$": lambda random, size: "k" * max(size, 1),
    r"^http(s?)://[a-zA-Z0-9._/-]*(\?[a-zA-Z0-9._=&-]*)?(#[a-zA-Z0-9._/-]*)?$": lambda random, size: (
        "https://a/?b=c&d#e"
    ),
    r"^o-[0-9a-z]{10,32}\/r-[0-9a-z]{4,32}[0-9a-z-\/]*": lambda random, size: "o-0123456789/r-abcd/ou-1",
    r"((/[A-Za-z0-9\.,\+@=_-]+)*)/": lambda random, size: "/a+b/c=d/",
    r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$": lambda random, size: "a-b-c" + "d" * random.randint(0, 50),
    r"^p-[0-9a-zA-Z_]{8,128}$": lambda random, size: "p-01234567",
    r"^o-[a-z0-9]{10,32}$": lambda random, size: "o-0123456789",
    r"/[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*/": lambda random, size: "/" + "x" * size + "/",
}


def text(shape: Shape, random: Random) -> str:
    """A text that meets the constraints of a string shape."""
    if shape.enum:
        return random.choice(shape.enum)
    least = int(shape.min or 0)
    size = random.randint(least, max(least, min(int(shape.max or 40), least + 20)))
    if shape.pattern in STRUCTURED:
        return STRUCTURED[shape.pattern](random, size)
    if shape.pattern is None:
        return "".join(random.choices(POOL, k=size))
    pattern = compiled(shape.pattern)
    if not pattern.fullmatch("a"):
        size = size or 1
    fitting = [one for one in POOL if pattern.fullmatch(one)]
    return "".join(random.choices(fitting, k=max(size, 1) if "+" in shape.pattern[-1:] else size))


def value(shape: Shape, operation: OperationShape, random: Random, *, sparse: float = 0.0) -> Any:
    """A value of any shape; each optional member of a structure is left out with the probability `sparse`.

    A structure below the root always has a member: an empty one cannot be told from none in this protocol.
    """
    shapes = operation.shapes
    if shape.type == "structure":
        names = [name for name in shape.members if name in shape.required or random.random() >= sparse]
        if not names and shape.members and shape is not operation.input:
            names = [random.choice(tuple(shape.members))]
        if shape.union:
            names = names[:1]
        return {name: value(shapes[shape.members[name].shape], operation, random, sparse=sparse) for name in names}
    if shape.type == "list" and shape.member:
        least = int(shape.min or 1)
        count = random.randint(least, max(least, min(int(shape.max or 3), least + 2)))
        return [value(shapes[shape.member.shape], operation, random, sparse=sparse) for _ in range(count)]
    if shape.type == "map" and shape.key and shape.value:
        count = random.randint(1, 3)
        keys = {text(shapes[shape.key.shape], random) for _ in range(count)}
        return {key: value(shapes[shape.value.shape], operation, random, sparse=sparse) for key in sorted(keys)}
    return scalar(shape, random)


def scalar(shape: Shape, random: Random) -> Any:
    """A value of a shape without others inside."""
    match shape.type:
        case "string":
            return text(shape, random)
        case "integer" | "long":
            least = int(shape.min or 0)
            return random.randint(least, int(shape.max or least + 100_000))
        case "boolean":
            return random.random() < 0.5
        case "timestamp":
            return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=random.randint(-(10**9), 10**9))
        case "blob":
            return base64.b85encode(random.randbytes(random.randint(1, 30)))
    raise ValueError(shape.type)
