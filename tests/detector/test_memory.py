"""Memory that is free goes back to the system."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadlines import patience

SCENE = """
import json
from detector.memory import map_large_blocks, return_free_memory

def rss():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))

map_large_blocks()
before, kept = rss(), []
for size in (30, 20, 10):  # glibc would keep blocks of 20 and 10 MiB after one of 30 was freed
    block = bytearray(size * 2**20)
    kept.append(bytes(100_000))
    del block
small = [bytes(2000) for _ in range(50_000)]
most = rss()
del small
return_free_memory()
print(json.dumps([before, most, rss()]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own")
def test_large_and_small_blocks_go_back_to_the_system():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", SCENE],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
        timeout=patience(30),
    )
    before, most, after = json.loads(done.stdout)
    assert most > before + 90
    assert after < before + 20
