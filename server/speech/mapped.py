"""Samples of a long line lie in a file and are mapped: what was looked at can be let go again."""

from __future__ import annotations

import mmap

import numpy as np

from .recogniser import Samples

_DROP = getattr(mmap, "MADV_DONTNEED", None)  # not on Windows, which trims by itself


def forget_pages(samples: Samples) -> None:
    """Let go of the memory of mapped samples; they are read from the file again when needed."""
    mapping = getattr(samples, "_mmap", None) if isinstance(samples, np.memmap) else None
    if mapping is not None and _DROP is not None:
        mapping.madvise(_DROP)
