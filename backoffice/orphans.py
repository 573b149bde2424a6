"""No orphans: a child process asks to be ended when the process that started it dies, however it dies.

A supervisor that is killed with SIGKILL can tell nobody. Linux can: with PR_SET_PDEATHSIG the kernel sends the signal.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

# Loaded before any fork: between fork and exec only what is already in memory is safe to use.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Receive `number` when the parent dies; a safe no-op where the system has no such thing.

    Call it in the child: as its first act, or as `preexec_fn`. The request survives exec but not fork, so each
    generation asks for itself. `parent` (the starter's pid, taken before the fork) closes the gap in which the parent
    died before we could ask.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), number)
