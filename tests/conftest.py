"""One thread for linear algebra in every test process, set before anything loads numpy.

The suite runs one process per core. OpenBLAS threads that wait for a busy core spin: a job of .3 s
was seen to burn 27 s of processor time with two of them.
"""

from __future__ import annotations

import os

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
