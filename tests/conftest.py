"""One thread for linear algebra in every test process, and a disk that is full.

The thread is set before anything loads numpy.

The suite runs one process per core. OpenBLAS threads that wait for a busy core spin: a job of .3 s
was seen to burn 27 s of processor time with two of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """A context in which every file breaks off after 64 bytes, by the system's own limit."""
    resource = pytest.importorskip("resource", reason="this system cannot limit a file's size")

    @contextlib.contextmanager
    def limited() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
