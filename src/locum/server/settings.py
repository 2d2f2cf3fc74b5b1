"""The settings: one table of name, form, default and sentence; and how one is chosen.

Law: each setting exists once and is said in three places: as an option, as a `LOCUM_…` variable, and as a key of
`locum.toml`, in that order of precedence. What is unknown in any of them is an error that names the nearest right one;
nothing is ignored. Whether the chosen settings are safe together is not asked here (`safe.py`).
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from locum.aws import limits as aws
from locum.aws.arn import account_id
from locum.server.container import I_KNOW
from locum.server.limits import RANGES, SERVING, Limits
from locum.server.logs import LEVELS

FILE = "locum.toml"
PREFIX = "LOCUM_"

# Variables of ours that are no settings: a secret must not stand in a table that is printed.
NO_SETTINGS = frozenset({"LOCUM_MASTER_KEY", I_KNOW})

_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_REGION = re.compile(r"[a-z]{2,10}(?:-[a-z0-9]{1,20}){1,4}", re.ASCII)


class SettingsError(ValueError):
    """A setting that is not known or not of its form: what was seen, where, and what would be right."""


class Form(msgspec.Struct, frozen=True):
    """How the text of a setting is written and read. `parse` raises ValueError with a sentence."""

    shown: str
    parse: Callable[[str], object]


class Setting(msgspec.Struct, frozen=True):
    """One setting. `default` is the text it has when nobody says anything; None leaves it unset."""

    name: str
    form: Form
    default: str | None
    sentence: str
    in_file: bool = True

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        """Its name in `Settings`."""
        return self.name.replace("-", "_")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`, in ASCII digits."""

    def parse(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError(f"`{text}` is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("the name of a file is empty")
    return Path(text)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f"`{text}` is not an IP address; for this machine alone: 127.0.0.1") from None


def _networks(text: str) -> tuple[str, ...]:
    found = []
    for part in text.split(","):
        try:
            found.append(str(ipaddress.ip_network(part.strip())))
        except ValueError:
            raise ValueError(f"`{part.strip()}` is not a network such as 10.1.2.0/24 or 127.0.0.1/32") from None
    return tuple(found)


def _region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError(f"`{text}` is not a region such as us-east-1")
    return text


def _regions(text: str) -> frozenset[str]:
    return frozenset(_region(part.strip()) for part in text.split(","))


def _url(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"`{text}` is not an address such as https://locum.example.com")
    return text


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"`{text}` is neither `true` nor `false`")
    return text == "true"


def _quotas(text: str) -> aws.Limits:
    chosen: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, equals, number = part.strip().partition("=")
        if not equals:
            raise ValueError(f"`{part.strip()}` is not of the form RolesPerAccount=2000")
        if name not in aws.RAISABLE:
            near = difflib.get_close_matches(name, aws.RAISABLE, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(aws.RAISABLE)}"
            raise ValueError(f"`{name}` is not a quota that can be set; {hint}")
        if name in chosen:
            raise ValueError(f"`{name}` is set twice")
        chosen[name] = whole(0, aws.MOST)(number)
    return aws.Limits.of(chosen)


def _level(text: str) -> str:
    if text not in LEVELS:
        raise ValueError(f"`{text}` is no level of logs; one of {', '.join(LEVELS)}")
    return text


PATH, ADDRESS, NETWORKS = Form("FILE", _path), Form("ADDRESS", _address), Form("CIDR,…", _networks)
ACCOUNT, REGION, REGIONS = Form("ID", account_id), Form("REGION", _region), Form("REGION,…", _regions)
QUOTAS = Form("NAME=NUMBER,…", _quotas)
FLAG = Form("true|false", _flag)
LEVEL = Form("|".join(LEVELS), _level)


def _number(low: int, high: int) -> Form:
    return Form(f"{low}..{high}", whole(low, high))


SETTINGS: tuple[Setting, ...] = (
    Setting("data-dir", Form("DIRECTORY", _path), "locum-data", "where everything is kept"),
    Setting("config", PATH, None, f"a settings file to read instead of `{FILE}` in the data directory", in_file=False),
    Setting("host", ADDRESS, "127.0.0.1", "the address to listen on; beyond loopback it takes TLS or a proxy"),
    Setting("port", _number(0, 65535), "5628", "the port to listen on; 0 picks a free one"),
    Setting("workers", _number(1, 64), "1", "how many processes answer"),
    Setting("tls-cert", PATH, None, "the server's certificate and its chain, in PEM"),
    Setting("tls-key", PATH, None, "the private key of the certificate, in PEM, readable by its owner alone"),
    Setting("behind-proxy", NETWORKS, None, "the proxies that may connect and whose `X-Forwarded-*` count"),
    Setting("master-key-file", PATH, None, "the master key, when it is kept outside the data directory"),
    Setting("account-id", ACCOUNT, None, "the first account of a new data directory; drawn when not given"),
    Setting("region", REGION, "us-east-1", "where the server stands"),
    Setting("regions", REGIONS, None, "the regions that a signature may be for; every one when not given"),
    Setting("signature-window", _number(1, 15), "5", "how many minutes a signature's time may be off, either way"),
    Setting("allow-unsigned-token", FLAG, "false", "take a session token that an old SDK added after signing"),
    Setting("token-key-hours", _number(1, 720), "24", "after how many hours a new key seals session tokens"),
    Setting("audit-keep-days", _number(0, 36500), "0", "how many days audit records are kept at least; 0 is for ever"),
    Setting(
        "issuer-networks",
        NETWORKS,
        None,
        "networks, besides public addresses, in which identity providers are asked for their keys",
    ),
    Setting(
        "public-url",
        Form("URL", _url),
        None,
        "where clients reach the server, if not at host and port; the issuer of its own tokens begins with it",
    ),
    Setting("quotas", QUOTAS, None, "how many of what an account may hold, where not as many as on AWS"),
    Setting("issuer-http", FLAG, "false", "take identity providers on this very machine that speak http"),
    Setting("log-level", LEVEL, "info", "from which level up the server logs to standard error, as JSON"),
    Setting("stop-seconds", _number(1, 600), "10", "how long a stop waits for requests that are under way"),
)
SETTINGS += tuple(
    Setting(name.replace("_", "-"), _number(least, most), str(getattr(SERVING, name)), sentence)
    for name, (least, most, sentence) in RANGES.items()
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen settings, each of its form. Not checked against each other, the files or the store."""

    data_dir: Path
    config: Path | None
    host: str
    port: int
    workers: int
    tls_cert: Path | None
    tls_key: Path | None
    behind_proxy: tuple[str, ...] | None
    master_key_file: Path | None
    account_id: str | None
    region: str
    regions: frozenset[str] | None
    signature_window: int
    allow_unsigned_token: bool
    token_key_hours: int
    audit_keep_days: int
    issuer_networks: tuple[str, ...] | None
    quotas: aws.Limits | None
    issuer_http: bool
    public_url: str | None
    log_level: str
    stop_seconds: int
    head_seconds: int
    idle_seconds: int
    body_rate: int
    connections: int
    source_rate: int
    key_rate: int

    @property
    def limits(self) -> Limits:
        """The limits of load."""
        return Limits(**{name: getattr(self, name) for name in RANGES})

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted here."""
        return self.tls_cert is not None and self.tls_key is not None

    @property
    def settings_file(self) -> Path:
        """The file that was read, if it was there."""
        return self.config or self.data_dir / FILE


def choose(given: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
    """The settings that options, environment and file give together. Raises SettingsError.

    `given` holds what the command line said by the settings' names; None is not said.
    """
    _require_known(given, "option `--{}`", BY_NAME)
    variables = {setting.variable: setting.name for setting in SETTINGS}
    ours = {name for name in environment if name.startswith(PREFIX)} - NO_SETTINGS
    _require_known(ours, "variable `{}`", variables)
    said = {variables[name]: (environment[name], f"variable `{name}`") for name in ours}
    said |= {name: (text, f"option `--{name}`") for name, text in given.items() if text is not None}
    said |= _missing(said)
    return Settings(**{setting.field: _value(setting, said) for setting in SETTINGS})  # type: ignore[arg-type]


def limits_of(environment: Mapping[str, str], usual: Limits) -> Limits:
    """The limits of load that the variables give, where no other setting counts. Raises SettingsError."""
    said: Said = {}
    for name in RANGES:
        variable = BY_NAME[name.replace("_", "-")].variable
        said[name.replace("_", "-")] = (environment.get(variable, str(getattr(usual, name))), f"variable `{variable}`")
    return Limits(**{BY_NAME[name].field: _value(BY_NAME[name], said) for name in said})  # type: ignore[arg-type]


def quotas_of(environment: Mapping[str, str]) -> aws.Limits:
    """The quotas that the variable gives, where no other setting counts. Raises SettingsError."""
    variable = BY_NAME["quotas"].variable
    try:
        return _quotas(environment.get(variable, ""))
    except ValueError as error:
        raise SettingsError(f"variable `{variable}`: {error}") from error


Said = dict[str, tuple[str, str]]  # name -> (text, where it was said)


def _missing(said: Said) -> Said:
    """What the file says about settings that nobody has said anything about yet."""
    required = "config" in said
    named = _value(BY_NAME["config" if required else "data-dir"], said)
    if not isinstance(named, Path):  # pragma: no cover  both are paths, and one has a default
        return {}
    path = named if required else named / FILE
    found = read_file(path, required=required)
    if "data-dir" in found and not required:
        raise SettingsError(f"`{path}`: `data-dir` cannot be said in the data directory's own file")
    return {name: text for name, text in found.items() if name not in said}


def read_file(path: Path, *, required: bool) -> Said:
    """What a settings file says. Raises SettingsError for a broken file, an unknown key or a table."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise SettingsError(f"the settings file `{path}` does not exist") from None
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file `{path}` cannot be read: {error}") from error
    _require_known(content, f"key `{{}}` of `{path}`", {name for name, one in BY_NAME.items() if one.in_file})
    return {name: (_text(value, name, path), f"key `{name}` of `{path}`") for name, value in content.items()}


def _text(value: object, name: str, path: Path) -> str:
    """A TOML value as the text it would be as an option."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return ",".join(value)
    raise SettingsError(
        f"key `{name}` of `{path}` is neither a text, a whole number, a truth value nor a list of texts"
    )


def _value(setting: Setting, said: Said) -> object:
    text, where = said.get(setting.name, (setting.default, "default"))
    try:
        return None if text is None else setting.form.parse(text)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error


def _require_known(names: Mapping[str, object] | set[str], where: str, known: Mapping[str, object] | set[str]) -> None:
    for name in sorted(names):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(sorted(known))}"
            raise SettingsError(f"{where.format(name)} is not a setting; {hint}")


PAGE = f"""# Settings

Made from the code by `make docs`: do not edit. Each setting is an option of `locum serve`, a variable and a key of
`{FILE}` in the data directory (or of the file that `--config` names). An option counts before a variable, a variable
before the file. A setting that does not exist is an error, wherever it stands. `locum doctor` takes them all;
`locum keys`, `locum account`, `locum root` and `locum status` take those that lead to the data directory:
`--data-dir`, `--config` and `--master-key-file`.

In the file a number is a number, a flag is `true` or `false`, and what has several values may be a list of texts. The
master key itself may stand in the variable `LOCUM_MASTER_KEY`; it is no setting, and it is unset once it was read.

| option | variable | key | form | default | |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The reference page of the settings."""
    rows = []
    for one in SETTINGS:
        key = f"`{one.name}`" if one.in_file else "-"
        default = f"`{one.default}`" if one.default is not None else "-"
        form = one.form.shown.replace("|", " or ")
        rows.append(f"| `--{one.name}` | `{one.variable}` | {key} | {form} | {default} | {one.sentence} |\n")
    return PAGE + "".join(rows) + QUOTA_PAGE + "".join(map(_quota_row, aws.RAISABLE))


QUOTA_PAGE = """
## Quotas

`quotas` takes numbers for these names, such as `RolesPerAccount=2000,UsersPerAccount=10000`; in the file it is a list
of such texts. What is not named stays as it is on AWS before anybody asks for more. Every account of the server has the
same; GetAccountSummary shows what holds, and a refusal names it. A lower number refuses what comes and touches nothing
that is there. `locum dev` takes the variable.

| quota | of AWS, unless it is asked | what AWS grants at most | |
|---|---|---|---|
"""


def _quota_row(key: str) -> str:
    quota = aws.quotas()[key]
    most = "-" if quota.maximum is None else str(quota.maximum)
    return f"| `{key}` | {quota.default} | {most} | {quota.name}, {quota.unit} |\n"
