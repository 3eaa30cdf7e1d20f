"""Python processes beside a test, alone or as the workers of a cluster."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent


def start(*command, **environment):
    """`python COMMAND` with package and tests in its path; output is kept."""
    path = [str(ROOT), str(HERE), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "CUDA_VISIBLE_DEVICES": "",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_python(*arguments, **environment):
    """A finished `python ARGUMENTS` whose log level nothing has set."""
    kept = {k: v for k, v in os.environ.items() if "MIN_LOG_LEVEL" not in k}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )


def start_workers(count, *command):
    """The workers of a cluster on this host, all with the same command."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    addresses = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    workers = []
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": addresses}, "task": task}
        workers.append(start(*command, TF_CONFIG=json.dumps(config)))
        workers[-1].address = addresses[index]
    return workers


def finish(processes, timeout=900):
    """Waits; returns the output of each, and its exit status."""
    try:
        outputs = [p.communicate(timeout=timeout)[0] for p in processes]
    finally:
        for process in processes:
            process.kill()
    return outputs, [process.returncode for process in processes]


def holding(make):
    """The number of a child that makes a context, enters it and stays."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            with make():
                os.write(writer, b"x")
                time.sleep(60)
        finally:
            os._exit(0)  # also where it was refused
    os.close(writer)  # so that a child that has ended is seen
    assert os.read(reader, 1) == b"x"
    os.close(reader)
    return child
