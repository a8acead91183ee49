"""Opens FLAME's model and landmark files (.pkl, .npz, .npy) as plain arrays, running nothing.

Pickles, also those inside .npy and .npz files (arrays of objects), go through `flame.pickles`.
What a file declares about its size is checked against what it holds before memory is taken.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .errors import FlameFileError
from .pickles import read_pickle

MAX_BYTES: Final = 512 * 2**20
"""Of a file, and of what an npz unpacks to; the official models have 30 to 60 MB."""
_BROKEN: Final = (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error, MemoryError,
                  NotImplementedError, RuntimeError, SyntaxError, TypeError)  # fmt: skip
"""What opening a damaged file ends in."""


def read_arrays(path: Path) -> dict[str, Any]:
    """Return the named arrays (or numbers, text, lists) of a .pkl, .npz or .npy file.

    Raises:
        FlameFileError: there is no such file, it is too large or damaged, or it is a pickle that
            names something else than arrays. Nothing in it was run.
    """
    try:
        value = _value(path)
    except FlameFileError as error:
        raise FlameFileError(f"{path.name} was not read: {error}") from error
    except _BROKEN as error:
        raise FlameFileError(f"{path.name} cannot be read: {_reason(error)}") from error
    if not isinstance(value, dict):
        raise FlameFileError(f"{path.name} holds {type(value).__name__}, not named arrays")
    return {str(name): item for name, item in value.items()}


def read_array(path: Path) -> NDArray[Any]:
    """Return the one array of a .npy file, such as an eyelid's displacements.

    Raises:
        FlameFileError: as `read_arrays`.
    """
    try:
        return np.asarray(_value(path))
    except FlameFileError as error:
        raise FlameFileError(f"{path.name} was not read: {error}") from error
    except _BROKEN as error:
        raise FlameFileError(f"{path.name} cannot be read: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _value(path: Path) -> Any:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FlameFileError(f"it has {size / 2**20:.0f} MB; the limit is {MAX_BYTES / 2**20:.0f}")
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        return _npz(data)
    if data.startswith(npy.MAGIC_PREFIX):
        return _npy(data)
    if path.suffix.lower() in (".npz", ".npy"):
        raise FlameFileError(f"it is no {path.suffix} file")
    return read_pickle(data)


def _npz(data: bytes) -> dict[str, Any]:
    with ZipFile(BytesIO(data)) as file:
        members = file.infolist()
        total = sum(member.file_size for member in members)
        if total > MAX_BYTES:
            raise FlameFileError(f"it unpacks to {total / 2**20:.0f} MB")
        found: dict[str, Any] = {}
        for member in members:
            with file.open(member) as stream:
                found[member.filename.removesuffix(".npy")] = _npy(stream.read(MAX_BYTES))
        return found


def _npy(data: bytes) -> Any:
    stream = BytesIO(data)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read_header(stream)
    rest = data[stream.tell() :]
    if dtype.hasobject:
        value = read_pickle(rest)
        # A dict saved by `np.save` is an array of no dimension around it.
        return value
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count * dtype.itemsize != len(rest):
        raise FlameFileError(f"it declares an array of {list(shape)} and holds {len(rest)} bytes")
    array = np.frombuffer(rest, dtype, count=count)
    return array.reshape(shape, order="F" if is_fortran else "C")
