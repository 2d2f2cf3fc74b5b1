"""Whether this process is in a container, and which address beyond loopback `locum dev` was allowed there (rule E5).

Law: two things that somebody has to do on purpose, and neither alone is enough: to be in a container, whose network is
not the machine's, and to name the very address in `LOCUM_DEV_I_KNOW`. What tells a container can be forged by whoever
starts the process, who could as well bind the address with any other program.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

I_KNOW = "LOCUM_DEV_I_KNOW"

#: what Docker and Podman put into a container's root
FILES = (".dockerenv", "run/.containerenv")
#: what Podman, systemd-nspawn and LXC, and what Kubernetes tells the processes in one
VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")


def contained(environment: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Whether this process is in a container, as far as it is told."""
    return any(environment.get(name) for name in VARIABLES) or any((root / name).exists() for name in FILES)


def refusal(host: str, environment: Mapping[str, str], root: Path = Path("/")) -> str | None:
    """Why `locum dev` does not listen on this address beyond loopback, or None."""
    if not contained(environment, root):
        return (
            f"`{host}` is not a loopback address; `locum dev` listens on 127.0.0.1 or ::1 only, and elsewhere in a "
            "container alone"
        )
    if environment.get(I_KNOW) != host:
        return (
            f"`{host}` is not a loopback address; whoever reaches it has the key that everybody knows: in a container "
            f"`{I_KNOW}={host}` says that this is meant"
        )
    return None
