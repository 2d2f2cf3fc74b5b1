"""What this process gives up at its start: files for others, and core files that would hold keys (rule K11).

Law: only for a process that is ours alone, the server's; a command that is called from somebody's shell ends anyway.
Python cannot wipe memory, and we say so; what we can do is not to write it to disk.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def confine() -> None:
    """Files for this user alone, no core files, and no other process of the user may read this one's memory."""
    os.umask(0o077)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
