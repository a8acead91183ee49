"""The few names that a FLAME pickle may hold, and what stands in for them here.

Nothing is imported under these names: each is given to a maker of our own that puts together an
array whose bytes are in the file, or an object that is only its attributes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from .errors import FlameFileError

MAX_SCALAR: Final = 4096  # bytes of one number or text
_NUMBER_KINDS: Final = "biuf"


def expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value


def known(module: str, name: str) -> Name:
    full = f"{module}.{name}"
    if full not in _MAKERS:
        raise FlameFileError(
            f"it names '{full[:80]}', which no FLAME file needs; nothing was run. "
            "Get the file again from where it is published."
        )
    return Name(full, _MAKERS[full])


def made(name: Any, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(name, Name) or name.make is None:
        raise ValueError("a call of something that is no maker")
    return name.make(*arguments)


def members(items: Any) -> list[Any]:
    """Let through what may be a key: hashing nested tuples could take for ever."""
    for item in items:
        if not isinstance(item, (str, bytes, int, float, type(None))):
            raise ValueError(f"{type(item).__name__} as a key")
    return list(items)


@dataclass
class Name:
    """A global name of the pickle: what it is to us, and what makes it."""

    name: str
    make: Callable[..., Any] | None = None


@dataclass
class PickledArray:
    """A numpy array on its way: `_reconstruct` makes it, its state fills it."""

    state: tuple[Any, ...] = ()  # shape, type, whether Fortran's order, raw bytes

    def fill(self, state: Any) -> None:
        _, *rest = state
        self.state = tuple(rest)


@dataclass
class PickledType:
    """A dtype: its code, and the byte order that its state adds."""

    code: str

    def fill(self, state: Any) -> None:
        order = state[1]
        if order in ("<", ">", "|", "="):
            self.code = order + self.code.lstrip("<>|=")

    def dtype(self) -> np.dtype[Any]:
        code = self.code.lstrip("<>|=")
        if code in ("O", "O4", "O8"):
            return np.dtype(object)
        if not code.isalnum():
            raise ValueError(f"an array of type {self.code!r}")
        kind = np.dtype(self.code)
        if kind.kind not in _NUMBER_KINDS + "SU":
            raise ValueError(f"an array of type {self.code!r}")
        return kind


@dataclass
class PickledObject:
    """An instance of a class that is known by name only: its attributes."""

    name: str
    state: dict[str, Any] = field(default_factory=dict)

    def fill(self, state: Any) -> None:
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            if isinstance(part, dict):
                self.state.update(part)


def array_of(shape: Any, kind: Any, is_fortran: Any, data: Any) -> Any:
    """Return the array whose raw bytes (or list of objects) stand in the file."""
    dtype = kind.dtype()
    shape = tuple(int(n) for n in (shape if isinstance(shape, tuple) else (shape,)))
    if dtype.kind == "O":
        return expect(data, list)[0] if shape == () else expect(data, list)
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(raw, (bytes, bytearray)) or min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {shape} without its bytes")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} with {len(raw)} bytes")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if is_fortran else "C")


def _scalar(kind: Any, data: Any) -> Any:
    if len(data) > MAX_SCALAR:
        raise ValueError(f"a number of {len(data)} bytes")
    return array_of((), kind, False, data).item()


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any = "C") -> PickledArray:
    return PickledArray((shape, kind, order == "F", data))


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    """Return the text itself, which `array_of` reads as bytes: Python 3's way to write them."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes written as {encoding!r}")
    return expect(text, str)


def _instance(cls: Any, *_: Any) -> Any:
    """`copyreg._reconstructor`, `copyreg.__newobj__`: an empty instance of a known class."""
    if not isinstance(cls, Name) or cls.make is None:
        raise ValueError("an instance of something that is no class")
    return cls.make()


def _type(code: Any, *_: Any) -> PickledType:
    if not isinstance(code, str):
        raise ValueError("an array with fields")
    return PickledType(code)


def _is(name: str) -> Callable[..., PickledObject]:
    return lambda *_: PickledObject(name)


_NUMPY_CORES: Final = ("numpy.core", "numpy._core")
_MAKERS: Final[dict[str, Callable[..., Any] | None]] = {
    **{f"{core}.multiarray._reconstruct": lambda *_: PickledArray() for core in _NUMPY_CORES},
    **{f"{core}.multiarray.scalar": _scalar for core in _NUMPY_CORES},
    **{f"{core}.numeric._frombuffer": _from_buffer for core in _NUMPY_CORES},
    "numpy.ndarray": None,
    "numpy.dtype": _type,
    "_codecs.encode": _encode,
    "copy_reg._reconstructor": _instance,
    "copyreg._reconstructor": _instance,
    "__builtin__.object": None,
    "builtins.object": None,
    "__builtin__.set": lambda items=(): set(members(items)),
    "builtins.set": lambda items=(): set(members(items)),
    "__builtin__.bytes": lambda: b"",  # how Python 3 writes empty bytes for Python 2
    "builtins.bytes": lambda: b"",
    "chumpy.ch.Ch": _is("chumpy"),
    **{
        f"scipy.sparse.{underscore}{kind}.{kind}_{suffix}": _is(kind)
        for underscore in ("", "_")
        for kind in ("csc", "csr", "coo")
        for suffix in ("matrix", "array")
    },
}
"""Every name that may stand in a file, and our own maker for it (None: only an argument)."""
