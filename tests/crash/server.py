"""Runs command lines in forks of one process that has imported all it needs.

Reads lines of JSON from stdin, {"argv": [...], "log": path}; answers each
with {"pid": …} and, once that has ended, {"status": …} on stdout. A fork is a
process like any other and can be killed; it is merely spared the seconds of
importing TensorFlow.
"""

import json
import os
import sys
import traceback


def main():
    from simclrv2_tf import run
    from simclrv2_tf import session  # with all that it imports

    del session
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            obey(run, order)
        answer(pid=pid)
        _, status = os.waitpid(pid, 0)
        answer(status=os.waitstatus_to_exitcode(status))


def obey(run, order):
    """Runs a command line in this process and ends it with its exit code."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    answers = os.dup(1)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(answers)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 0
    try:
        run.main(["simclrv2", *order["argv"]])
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


def answer(**values):
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
