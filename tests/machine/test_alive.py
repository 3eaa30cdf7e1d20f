"""Which processes there are."""

import os
import subprocess
import sys

from simclrv2_tf.machine.alive import runs


def test_a_process_runs_until_it_has_ended():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert runs(os.getpid()) and runs(os.getppid())
    assert not any(map(runs, (gone.pid, 0, -1, None, "1")))
