"""The docs speak of what is there: links resolve, paths exist, commands run, dependencies are given their reasons."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata

import click
import pytest
from click.testing import CliRunner
from tests.architecture.source import ROOT

from locum.cli.main import COMMANDS, main

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    if ".venv" not in path.parts
)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE | re.ASCII))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE | re.ASCII)
    return {re.sub(r"[^\w -]", "", heading.lower(), flags=re.ASCII).replace(" ", "-") for heading in headings}


def broken_links(text: str, page) -> list[str]:
    """Relative links of a page that lead nowhere."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text, flags=re.ASCII):
        if re.match(r"[a-z]+:", target, flags=re.ASCII):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def absent_paths(text: str) -> list[str]:
    """Paths of the repository in backticks that do not exist."""
    named = re.findall(r"`((?:src|docs|tests|examples|scripts|benchmarks)/[\w./-]*)`", text, flags=re.ASCII)
    return [path for path in named if not (ROOT / path).exists()]


def unknown_commands(text: str) -> list[str]:
    """`locum NAME` and `make NAME` where code is shown, of a name that does not exist."""
    code = "\n".join([*re.findall(r"^```.*?^```", text, flags=re.M | re.S | re.ASCII), *re.findall(r"`[^`\n]+`", text)])
    locum = {f"locum {name}" for name in re.findall(r"\blocum ([a-z][a-z-]+)\b", code, flags=re.ASCII)}
    make = {f"make {name}" for name in re.findall(r"(?:^|[`\s])make ([a-z]+)\b", code, flags=re.ASCII)}
    known = {f"locum {name}" for name in COMMANDS} | {f"make {name}" for name in TARGETS}
    return sorted((locum | make) - known)


def unknown_options(text: str) -> list[str]:
    """Options of `locum NAME …` where code is shown, which that command does not take."""
    found = []
    for name, rest in re.findall(r"\blocum ([a-z]+)([^\n`|&;)]*)", text, flags=re.ASCII):
        if name in COMMANDS and COMMANDS[name]:
            command = main.get_command(None, name)
            below = command.commands.values() if isinstance(command, click.Group) else ()
            taken = {option for one in (command, *below) for each in one.params for option in each.opts}
            asked = re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest.split(" -- ")[0], flags=re.ASCII)
            found += [f"locum {name} {option}" for option in asked if option not in taken | {"--help"}]
    return found


def relative(path) -> str:
    """A page's path for the name of its test."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_resolve_in(page):
    assert broken_links(page.read_text(encoding="utf-8"), page) == []


# Records tell of how things were; they are not edited when a path or a command changes.
LIVING = [page for page in PAGES if "decisions" not in page.parts]


@pytest.mark.parametrize("page", LIVING, ids=relative)
def test_paths_exist_that_are_named_in(page):
    assert absent_paths(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", [page for page in LIVING if page.name != "limits.md"], ids=relative)
def test_commands_exist_that_are_shown_in(page):
    text = page.read_text(encoding="utf-8")
    assert unknown_commands(text) + unknown_options(text) == []


def test_a_planted_fault_is_found():
    page = ROOT / "README.md"
    assert broken_links("[a](nowhere.md) [b](LICENSE) [c](#no-such-heading)", page) == [
        "nowhere.md",
        "#no-such-heading",
    ]
    assert absent_paths("`src/locum/nowhere.py` `src/locum/http.py`") == ["src/locum/nowhere.py"]
    assert unknown_commands("`locum fly` and `make gold` and `make test`") == ["locum fly", "make gold"]
    assert unknown_options("`locum dev --port 1 --wings`") == ["locum dev --wings"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_command_answers_its_help(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output


def test_each_run_time_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = [re.match(r"[a-z0-9-]+", line, flags=re.ASCII)[0] for line in project["dependencies"]]
    page = (ROOT / "docs" / "developing" / "dependencies.md").read_text(encoding="utf-8").partition("## What comes")[0]
    reasons = re.findall(r"^\| ([a-z0-9-]+) \| (?!for \|)\S", page, flags=re.MULTILINE | re.ASCII)
    assert reasons == sorted(direct)


def test_each_package_that_comes_along_is_named_with_who_asks_for_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.match(r"[a-z0-9-]+", line, flags=re.ASCII)[0] for line in project["dependencies"]}
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M | re.A))
    page = (ROOT / "docs" / "developing" / "dependencies.md").read_text(encoding="utf-8").partition("## What comes")[2]
    rows = re.findall(r"^\| ([a-z0-9, -]+) \| ([a-z0-9, -]+) \| \S", page.partition("\n## ")[0], re.M | re.A)
    named = [name for cell, _ in rows for name in cell.split(", ") if name != "package"]
    assert sorted(named) == sorted(pinned - direct)
    for cell, askers in rows[1:]:
        reached = set().union(*(reached_from(asker) for asker in askers.split(", ")))
        assert set(cell.split(", ")) <= reached


def reached_from(name: str) -> set[str]:
    """The packages that one brings along without its extras, by the metadata of what is installed."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        plain = [need for need in metadata.requires(waiting.pop()) or () if "extra ==" not in need]
        found = {re.match(r"[a-z0-9-]+", need.lower().replace("_", "-"), flags=re.ASCII)[0] for need in plain}
        waiting += [need for need in found - reached if installed(need)]
        reached |= found
    return reached


def installed(name: str) -> bool:
    """Whether a package is there; one for another system or another Python is not."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt", "requirements-dev.txt"])
def test_the_pinned_list_has_hashes_and_names_no_registry(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith(" ")]
    assert pins
    assert [line for line in pins if not re.match(r"[a-z0-9._-]+==\S+ ", line, flags=re.ASCII)] == []
    assert [line for line in lines if line.startswith(" ") and "--hash=sha256:" not in line] == []


def test_every_run_time_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.match(r"[a-z0-9-]+", line, flags=re.ASCII)[0] for line in project["dependencies"]}
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M | re.A))
    assert direct <= pinned


def test_the_reference_is_what_the_code_says():
    ran = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("[0-9]*.md") if f"({path.name})" not in listed] == []
