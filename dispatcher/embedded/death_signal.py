"""Children that end with their parent: Linux PDEATHSIG.

`setpriv --pdeathsig` would do the same but is missing on some distributions, so the call is made here,
through ctypes, between fork and exec. Traps that this module knows:

- the signal fires when the spawning *thread* ends, not only the process: spawn from the main thread;
- a change of user clears the setting, so it must come after it (`subprocess` runs `preexec_fn` last);
- the parent may die between fork and prctl, and then no signal ever comes: the child compares its
  parent afterwards. A parent with id 1 proves nothing (in a container it may well be ours), so the
  expected id is passed in.

The C library is loaded at import: loading it after a fork of a threaded process could deadlock.
"""

import ctypes
import os
import signal
import threading
from collections.abc import Callable

from dispatcher.embedded.errors import WrongThreadError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signal_number: signal.Signals, parent_id: int | None = None) -> None:
    """Ask the kernel to send `signal_number` to this process when its parent ends.

    For a process's own start; for its children use `for_child`. With `parent_id` the process ends at
    once when that parent is already gone. Raises OSError where the kernel refuses.
    """
    if _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused the parent death signal")
    if parent_id is not None and os.getppid() != parent_id:
        os._exit(128 + int(signal_number))


def for_child(signal_number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that ties the child to this process. Raises WrongThreadError outside the main thread.

    The signal gets its default action first. Between fork and exec the child still has Python's handler,
    which only takes a note: a parent that died just then would leave an orphan. And a signal that came
    ignored (a shell's background job ignores SIGINT) would stay so until the program sets its own.
    """
    require_main_thread()
    parent_id = os.getpid()

    def prepare() -> None:
        signal.signal(signal_number, signal.SIG_DFL)
        die_with_parent(signal_number, parent_id)

    return prepare


def require_main_thread() -> None:
    """Raise WrongThreadError unless this is the process's first thread.

    The thread id is compared with the process id: that is the kernel's own idea of "main".
    """
    if threading.get_native_id() != os.getpid():
        raise WrongThreadError(
            "Servers and supervised processes must be started from the main thread: "
            "started elsewhere they would end as soon as that thread ends."
        )
