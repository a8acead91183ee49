"""Pictures of poses on disk, so that those of the expressions are drawn once and not every day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .head_file import HEAD_FILE

_LOOK: Final = 1
"""Counted up when `picture` draws differently."""


def cache_file(folder: Path, pose: Mapping[str, float], size: int) -> Path:
    """Where the picture of a pose is kept; another head has other files."""
    stat = HEAD_FILE.stat() if HEAD_FILE.is_file() else None
    head = (stat.st_size, stat.st_mtime_ns) if stat is not None else "checkout"
    told = json.dumps([_LOOK, head, size, sorted(pose.items())])
    return folder / f"{hashlib.sha256(told.encode()).hexdigest()[:20]}.npy"


def kept_picture(path: Path, size: int) -> NDArray[np.float32] | None:
    """The picture of a file; None when there is none, or it is damaged."""
    try:
        pixels = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if pixels.shape != (size, size, 4) or pixels.dtype != np.uint8:
        return None
    return pixels.astype(np.float32) / 255.0


def keep_picture(path: Path, picture: NDArray[np.float32]) -> None:
    """Write a picture; a folder that cannot be written to is no trouble."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.round(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8))
    except OSError:
        return
