"""The reference page of operations, made from the code: what of AWS's models is performed, and what is to come.

Law: nothing here is written by hand but the sentences around the tables; the operations come from AWS's models, what is
performed from the registry of declared operations. Prints, and writes no file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from locum.aws import actions, shapes
from locum.call import OPERATIONS, Operation
from locum.server import operations as declared

SERVICES = {"iam": "IAM", "sts": "STS", "organizations": "Organizations"}

HEAD = """# Operations

Made from the code by `make docs`: do not edit. Every operation of AWS's service models, with what Locum does about it.
*Performed* means that Locum carries it out, save the inputs named as to come: using one of those is refused. *To
come* means that a signed call is answered with `NotImplemented` (501) and a sentence. An operation that AWS does not
have is refused with `InvalidAction` (400).
"""


def page(performed: Mapping[str, Operation]) -> str:
    """The whole page, in Markdown, for a registry of performed operations by name (`iam:CreateRole`)."""
    sections = [_section(name, title, performed) for name, title in SERVICES.items()]
    return "\n".join([HEAD, *sections])


def _section(service: str, title: str, performed: Mapping[str, Operation]) -> str:
    model = shapes.service(service)
    done = [name for name in model.operations if f"{service}:{name}" in performed]
    rows = [_row(shape, performed.get(shape.action)) for _, shape in sorted(model.operations.items())]
    return "\n".join(
        [
            f"## {title} ({model.api_version})",
            "",
            f"{len(done)} of {len(model.operations)} performed.",
            "",
            "| operation | Locum | access level | inputs to come |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(shape: shapes.OperationShape, operation: Operation | None) -> str:
    """One line of the table. Where AWS has no action of that name, no permission is asked for by it."""
    known = actions.actions(shape.service).get(shape.name.lower())
    level = known.access_level if known else "-"
    state = "performed" if operation else "to come"
    return f"| `{shape.name}` | {state} | {level} | {_listed(operation.later if operation else ())} |"


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def main() -> None:
    """Prints the page for the operations that this version declares."""
    assert declared.MODULES, "importing the modules declares their operations"
    print(page(OPERATIONS), end="")


if __name__ == "__main__":
    main()
