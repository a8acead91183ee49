"""Files written whole or not at all: beside the old one under another name, then put in its place.

A full disk, or an interruption half way, leaves the file that was there as it was.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield the path of a new file beside `path`, with its suffix, that takes its place at the end.

    When the block raises, the new file is removed and the old one stays as it was. A link is
    followed; what is no plain file (a pipe, a device) is written itself.

    Raises:
        OSError: with `path` as its file name; the old file may not be written, the disk is full.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        yield target
        return
    part = target.with_name(f".{target.stem[:40]}.{uuid.uuid4().hex[:8]}{target.suffix}")
    try:
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        yield part
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(part)):
            error.filename = str(path)
        raise


def save_npz(target: Path | str | BinaryIO, arrays: Mapping[str, ArrayLike]) -> None:
    """Write arrays as a compressed npz, to a file or into memory.

    Raises:
        OSError: see `replacing`.
    """
    if not isinstance(target, (str, Path)):
        named: dict[str, Any] = dict(arrays)
        np.savez_compressed(target, **named)
        return
    # Packed in memory: an archive on a disk that fails is closed a second time when it is
    # forgotten, and Python then prints a traceback that nobody can catch.
    packed = io.BytesIO()
    save_npz(packed, arrays)
    with replacing(target) as part:
        part.write_bytes(packed.getbuffer())
