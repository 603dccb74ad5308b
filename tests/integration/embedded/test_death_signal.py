"""The parent death signal itself, and the gap between fork and the system call."""

import os
import signal

from dispatcher.embedded.death_signal import die_with_parent
from tests.integration.embedded.processes import is_living, run_script, wait_until

PARENT = """
import os, signal, subprocess
from dispatcher.embedded.death_signal import for_child
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL,
                         preexec_fn=for_child(signal.SIGTERM))
print(child.pid, flush=True)
child.wait()
"""


class TestDieWithParent:
    def test_the_child_of_a_killed_parent_ends(self) -> None:
        with run_script(PARENT) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            assert is_living(child)
            parent.kill()
        wait_until(lambda: not is_living(child), "the child has ended")

    def test_a_child_whose_parent_is_gone_already_ends_at_once(self) -> None:
        child = os.fork()
        if child == 0:
            try:
                die_with_parent(signal.SIGTERM, parent_id=os.getppid() + 1)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGTERM
