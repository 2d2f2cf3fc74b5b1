"""Makes `src/locum/aws/data/managed_policies.zip` from the policies that two releases of the `moto` package carry.

    pip download --no-deps --dest /tmp/moto moto==5.2.5 moto==2.3.2
    python scripts/regenerate_managed_policies.py /tmp/moto/moto-5.2.5-*.whl /tmp/moto/moto-2.3.2-*.whl

`moto` (Apache-2.0) publishes AWS's answers to GetPolicy and GetPolicyVersion for every AWS managed policy; only those
facts are taken. The first wheel gives the documents; the second is the last release that still carries AWS's unique
ids. Both are read as files, nothing of them runs, and Locum and its tests need neither. The result holds `about.json`
(origin and date), `index.json` (one row a policy) and `documents/NAME.json`. Running it twice gives the same bytes.

The ids of policies that came later are not published. They are derived from path and name, so that they stay the same
from edition to edition; they are not the ids that AWS shows. Descriptions are not published either.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "src" / "locum" / "aws" / "data" / "managed_policies.zip"
ORDER = ("Version", "Id", "Statement", "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource")
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip member: equal input, equal bytes


def published(wheel: Path) -> dict[str, Any]:
    """The policies in a wheel of `moto`, by name, read from the text of its one data module."""
    with zipfile.ZipFile(wheel) as archive:
        module = ast.parse(archive.read("moto/iam/aws_managed_policies.py"))
    (assignment,) = [each for each in module.body if isinstance(each, ast.Assign)]
    policies: dict[str, Any] = json.loads(ast.literal_eval(assignment.value))
    return policies


def release(wheel: Path) -> str:
    """The release in a wheel's name: `5.2.5`."""
    return wheel.name.split("-")[1]


def ordered(value: Any) -> Any:
    """The document in the order in which people write the elements."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key))
        return {key: ordered(value[key]) for key in keys}
    return [ordered(each) for each in value] if isinstance(value, list) else value


def derived_id(path: str, name: str) -> str:
    """An id in the form of AWS's, always the same for one path and name."""
    digest = hashlib.sha256(f"AWS managed policy {path}{name}".encode()).digest()
    return "ANPA" + base64.b32encode(digest).decode("ascii")[:17]


def main(documents: Path, ids: Path) -> None:
    """Writes the file and says what is in it."""
    policies = published(documents)
    known = {(row["Path"], name): row["PolicyId"] for name, row in published(ids).items()}
    about = {
        "origin": f"moto {release(documents)} (PyPI, Apache-2.0), module moto.iam.aws_managed_policies",
        "edition": max(policy["UpdateDate"] for policy in policies.values())[:10],
        "policies": len(policies),
        "ids": f"AWS's where moto {release(ids)} has them, else derived from path and name",
    }
    members = {"about.json": json.dumps(about, indent=1)}
    index = []
    for name in sorted(policies, key=str.lower):
        policy = policies[name]
        index.append(
            {
                "name": name,
                "path": policy["Path"],
                "id": known.get((policy["Path"], name)) or derived_id(policy["Path"], name),
                "default_version": policy["DefaultVersionId"],
                "created": policy["CreateDate"],
                "updated": policy["UpdateDate"],
            }
        )
        members[f"documents/{name}.json"] = json.dumps(ordered(policy["Document"]))
    members["index.json"] = json.dumps(index)
    TARGET.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, text in members.items():
            entry = zipfile.ZipInfo(member, FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    own = sum((row["path"], row["name"]) in known for row in index)
    print(
        f"{TARGET.name}: {len(index)} policies of {about['edition']}, {own} ids of AWS, {TARGET.stat().st_size} bytes"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("two wheels of moto would be right; the first lines of this file say how")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
