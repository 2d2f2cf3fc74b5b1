"""Makes `src/locum/aws/data/managed_policies.zip` from the policies that the `moto` package carries.

    python -m venv /tmp/moto && /tmp/moto/bin/pip install --no-deps moto
    /tmp/moto/bin/python scripts/regenerate_managed_policies.py

`moto` (Apache-2.0) publishes AWS's answers to GetPolicyVersion for every AWS managed policy; only those facts are
taken. It is needed here alone, not by Locum, not by its tests. The file holds `about.json` (origin and date),
`index.json` (one row a policy) and `documents/NAME.json`. Running it twice with one release of `moto` gives the same
bytes.

The unique ids are not part of that publication. They are derived from path and name, so that they stay the same from
edition to edition; they are not the ids that AWS shows.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "src" / "locum" / "aws" / "data" / "managed_policies.zip"
ORDER = ("Version", "Id", "Statement", "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource")
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip member: equal input, equal bytes


def published() -> dict[str, Any]:
    """The policies of the installed `moto`, by name. Reads its one data module without importing the rest."""
    spec = importlib.util.find_spec("moto")
    if spec is None or spec.origin is None:
        raise SystemExit("moto is not installed in this environment; the first lines of this file say how")
    module = ast.parse((Path(spec.origin).parent / "iam" / "aws_managed_policies.py").read_text("utf-8"))
    (assignment,) = [each for each in module.body if isinstance(each, ast.Assign)]
    policies: dict[str, Any] = json.loads(ast.literal_eval(assignment.value))
    return policies


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


def main() -> None:
    """Writes the file and says what is in it."""
    policies = published()
    about = {
        "origin": f"moto {importlib.metadata.version('moto')} (PyPI, Apache-2.0), module moto.iam.aws_managed_policies",
        "edition": max(policy["UpdateDate"] for policy in policies.values())[:10],
        "policies": len(policies),
        "ids": "derived from path and name; not those of AWS",
    }
    members = {"about.json": json.dumps(about, indent=1)}
    index = []
    for name in sorted(policies, key=str.lower):
        policy = policies[name]
        index.append(
            {
                "name": name,
                "path": policy["Path"],
                "id": derived_id(policy["Path"], name),
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
    print(f"{TARGET.name}: {len(index)} policies of {about['edition']}, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
