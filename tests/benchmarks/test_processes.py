"""Processes seen from outside: this one, and one that it starts."""

import os
import socket
import subprocess
import sys
import time

import pytest

from benchmarks import processes


def test_a_port_names_the_process_that_listens_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert processes.listening(port) == os.getpid()
    with pytest.raises(ProcessLookupError, match=str(port)):
        processes.listening(port)


def test_processor_time_grows_with_work_and_memory_is_held():
    before, begun = processes.look(os.getpid()).cpu_s, time.process_time()
    while time.process_time() - begun < 0.1:
        sum(range(1000))
    assert processes.look(os.getpid()).cpu_s - before >= 0.05
    assert processes.main_thread_s(os.getpid()) > 0
    assert processes.resident_mib(os.getpid()) > 10


def test_children_are_found_and_kept_on_a_cpu_until_the_block_ends():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert processes.below(os.getpid())[child.pid].parent == os.getpid()
        allowed = os.sched_getaffinity(child.pid)
        with processes.on_cpu(min(allowed), child.pid):
            assert os.sched_getaffinity(child.pid) == {min(allowed)}
        assert os.sched_getaffinity(child.pid) == allowed
        child.communicate(b"\n")
    with pytest.raises(OSError, match=r".*"):
        processes.look(child.pid)
