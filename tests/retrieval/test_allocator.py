"""Keeping freed memory changes nothing but speed."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import torch
from retrieval.training.allocator import keep_freed_memory
keep_freed_memory()
a = torch.ones(3_000_000)
del a
print(int(torch.ones(3_000_000).sum()))
"""


def test_tensors_hold_what_they_should() -> None:
    assert subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True).stdout == "3000000\n"
