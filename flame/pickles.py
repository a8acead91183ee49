"""Reads the pickles that FLAME's files are, without running anything that stands in them.

A pickle is a program. Here its opcodes are walked by a small interpreter of our own that knows
numbers, text, lists, dicts and a short list of names (numpy arrays, SciPy sparse matrices, chumpy
variables). Those names are never imported: each stands for one of the makers below, which only
puts together arrays whose bytes are in the file. Any other name ends the reading, and nothing is
called, imported or given attributes. Sizes cannot be declared larger than the file.

Both generations are read: Python 2 (text in Latin-1, `__builtin__`, `copy_reg`) and Python 3.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import numpy as np

from .errors import FlameFileError

MAX_OPCODES: Final = 4_000_000
"""A FLAME file has some hundreds; landmark lists written number by number a few thousand."""
MAX_DENSE: Final = 8_000_000
"""Numbers in all sparse matrices once they are written out."""
MAX_SCALAR: Final = 4096
MAX_DEPTH: Final = 32
_NUMBER_KINDS: Final = "biuf"


class _Mark:
    """Where a list of arguments begins."""


@dataclass
class _Name:
    """A global name of the pickle: what it is to us, and what makes it."""

    name: str
    make: Callable[..., Any] | None = None


@dataclass
class _Array:
    """A numpy array on its way: `_reconstruct` makes it, its state fills it."""

    state: tuple[Any, ...] = ()  # shape, type, whether Fortran's order, raw bytes

    def fill(self, state: Any) -> None:
        _, *rest = state
        self.state = tuple(rest)


@dataclass
class _Type:
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
class _Object:
    """An instance of a class that is known by name only: its attributes."""

    name: str
    state: dict[str, Any] = field(default_factory=dict)

    def fill(self, state: Any) -> None:
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            if isinstance(part, dict):
                self.state.update(part)


def _array(shape: Any, kind: Any, is_fortran: Any, data: Any) -> Any:
    """Return the array whose raw bytes (or list of objects) stand in the file."""
    dtype = kind.dtype()
    shape = tuple(int(n) for n in (shape if isinstance(shape, tuple) else (shape,)))
    if dtype.kind == "O":
        return _expect(data, list)[0] if shape == () else _expect(data, list)
    raw = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(raw, (bytes, bytearray)) or min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {shape} without its bytes")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} with {len(raw)} bytes")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if is_fortran else "C")


def _scalar(kind: Any, data: Any) -> Any:
    if len(data) > MAX_SCALAR:
        raise ValueError(f"a number of {len(data)} bytes")
    return _array((), kind, False, data).item()


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any = "C") -> _Array:
    return _Array((shape, kind, order == "F", data))


def _encode(text: Any, encoding: Any = "latin1") -> Any:
    """Return the text itself, which `_array` reads as bytes: Python 3's way to write them."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"bytes written as {encoding!r}")
    return _expect(text, str)


def _instance(cls: Any, *_: Any) -> Any:
    """`copyreg._reconstructor`, `copyreg.__newobj__`: an empty instance of a known class."""
    if not isinstance(cls, _Name) or cls.make is None:
        raise ValueError("an instance of something that is no class")
    return cls.make()


def _type(code: Any, *_: Any) -> _Type:
    if not isinstance(code, str):
        raise ValueError("an array with fields")
    return _Type(code)


def _is(name: str) -> Callable[..., _Object]:
    return lambda *_: _Object(name)


_NUMPY_CORES: Final = ("numpy.core", "numpy._core")
_MAKERS: Final[dict[str, Callable[..., Any] | None]] = {
    **{f"{core}.multiarray._reconstruct": lambda *_: _Array() for core in _NUMPY_CORES},
    **{f"{core}.multiarray.scalar": _scalar for core in _NUMPY_CORES},
    **{f"{core}.numeric._frombuffer": _from_buffer for core in _NUMPY_CORES},
    "numpy.ndarray": None,
    "numpy.dtype": _type,
    "_codecs.encode": _encode,
    "copy_reg._reconstructor": _instance,
    "copyreg._reconstructor": _instance,
    "__builtin__.object": None,
    "builtins.object": None,
    "__builtin__.set": lambda items=(): set(_members(items)),
    "builtins.set": lambda items=(): set(_members(items)),
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


class _Reader:
    """The interpreter: a stack, a memo, and one method for each opcode that is more than data."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def read(self, data: bytes) -> Any:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(BytesIO(data))):
            if count > MAX_OPCODES:
                raise ValueError(f"more than {MAX_OPCODES} instructions")
            if opcode.name == "STOP":
                return self.stack.pop()
            self._step(opcode.name, argument)
        raise ValueError("no end")

    def _step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name not in _IGNORED:
            handler = getattr(self, f"_op_{name.lower()}", None)
            if handler is None:
                raise ValueError(f"the instruction {name}")
            handler(argument)

    def _since_mark(self) -> list[Any]:
        items: list[Any] = []
        while not isinstance(top := self.stack.pop(), _Mark):
            items.append(top)
        return items[::-1]

    def _op_pop(self, _: Any) -> None:
        self.stack.pop()

    def _op_pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _op_dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _op_put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    _op_binput = _op_long_binput = _op_put

    def _op_memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _op_get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    _op_binget = _op_long_binget = _op_get

    def _op_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._since_mark()))

    def _op_tuple1(self, _: Any) -> None:
        self.stack[-1:] = [tuple(self.stack[-1:])]

    def _op_tuple2(self, _: Any) -> None:
        self.stack[-2:] = [tuple(self.stack[-2:])]

    def _op_tuple3(self, _: Any) -> None:
        self.stack[-3:] = [tuple(self.stack[-3:])]

    def _op_list(self, _: Any) -> None:
        self.stack.append(self._since_mark())

    def _op_append(self, _: Any) -> None:
        item = self.stack.pop()
        _expect(self.stack[-1], list).append(item)

    def _op_appends(self, _: Any) -> None:
        items = self._since_mark()
        _expect(self.stack[-1], list).extend(items)

    def _op_dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(_mapping(items))

    def _op_setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _expect(self.stack[-1], dict).update(_mapping([key, value]))

    def _op_setitems(self, _: Any) -> None:
        items = self._since_mark()
        _expect(self.stack[-1], dict).update(_mapping(items))

    def _op_additems(self, _: Any) -> None:
        items = self._since_mark()
        _expect(self.stack[-1], set).update(_members(items))

    def _op_frozenset(self, _: Any) -> None:
        self.stack.append(frozenset(_members(self._since_mark())))

    def _op_global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(_known(module, name))

    def _op_stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_known(_expect(module, str), _expect(name, str)))

    def _op_reduce(self, _: Any) -> None:
        arguments = _expect(self.stack.pop(), tuple)
        self.stack.append(_made(self.stack.pop(), arguments))

    _op_newobj = _op_reduce

    def _op_inst(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        arguments = tuple(self._since_mark())
        self.stack.append(_made(_known(module, name), arguments))

    def _op_obj(self, _: Any) -> None:
        first, *arguments = self._since_mark()
        self.stack.append(_made(first, tuple(arguments)))

    def _op_build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, (_Array, _Type, _Object)):
            raise ValueError(f"a state for {type(target).__name__}")
        target.fill(state)


_LITERALS: Final = frozenset(
    {
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
        "BYTEARRAY8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    }
)  # fmt: skip
_CONSTANTS: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "MARK": _Mark,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_IGNORED: Final = frozenset({"PROTO", "FRAME"})


def _members(items: Any) -> list[Any]:
    """Let through what may be a key: hashing nested tuples could take for ever."""
    for item in items:
        if not isinstance(item, (str, bytes, int, float, type(None))):
            raise ValueError(f"{type(item).__name__} as a key")
    return list(items)


def _mapping(items: list[Any]) -> dict[Any, Any]:
    return dict(zip(_members(items[::2]), items[1::2], strict=True))


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{type(value).__name__} where {kind.__name__} belongs")
    return value


def _known(module: str, name: str) -> _Name:
    full = f"{module}.{name}"
    if full not in _MAKERS:
        raise FlameFileError(
            f"it names '{full[:80]}', which no FLAME file needs; nothing was run. "
            "Get the file again from where it is published."
        )
    return _Name(full, _MAKERS[full])


def _made(name: Any, arguments: tuple[Any, ...]) -> Any:
    if not isinstance(name, _Name) or name.make is None:
        raise ValueError("a call of something that is no maker")
    return name.make(*arguments)


class _Plain:
    """Turns stand-ins into arrays, numbers, text, lists and dicts; what is shared is made once."""

    def __init__(self, size: int) -> None:
        self._made: dict[int, Any] = {}
        self._bytes_left = 2 * size  # shared bytes must not become many arrays
        self._dense_left = MAX_DENSE

    def of(self, value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(f"values nested deeper than {MAX_DEPTH}")
        if not isinstance(value, (_Array, _Object, dict, list, tuple)):
            return value
        if id(value) not in self._made:
            self._made[id(value)] = self._make(value, depth + 1)
        return self._made[id(value)]

    def _make(self, value: Any, depth: int) -> Any:
        if isinstance(value, _Array):
            return self._array(value, depth)
        if isinstance(value, dict):
            return {key: self.of(item, depth) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item, depth) for item in value]
        state = {key: self.of(item, depth) for key, item in value.state.items()}
        return np.asarray(state["x"]) if value.name == "chumpy" else self._dense(value.name, state)

    def _array(self, value: _Array, depth: int) -> Any:
        if len(value.state) != 4:
            raise ValueError("an array without its numbers")
        self._bytes_left -= len(value.state[3])
        if self._bytes_left < 0:
            raise ValueError("arrays larger than the file")
        return self.of(_array(*value.state), depth)

    def _dense(self, kind: str, state: dict[str, Any]) -> Any:
        """Write a SciPy sparse matrix out, [rows, columns]."""
        rows, columns = (int(n) for n in state.get("_shape", state.get("shape", ())))
        self._dense_left -= rows * columns
        if min(rows, columns) < 0 or self._dense_left < 0:
            raise ValueError(f"a sparse matrix of {rows} x {columns}")
        row, column = _places(kind, state, columns if kind == "csc" else rows)
        out = np.zeros((rows, columns))
        np.add.at(out, (row, column), np.asarray(state["data"]))
        return out


def _places(kind: str, state: dict[str, Any], n_lines: int) -> tuple[Any, Any]:
    """Return row and column of every value of a sparse matrix."""
    if kind == "coo":
        row, column = state["coords"] if "coords" in state else (state["row"], state["col"])
        return np.asarray(row), np.asarray(column)
    along = np.asarray(state["indices"])
    steps = np.diff(np.asarray(state["indptr"]))
    if len(steps) != n_lines or steps.min(initial=0) < 0 or steps.sum() != len(along):
        raise ValueError("a sparse matrix whose pointers do not fit")
    line = np.repeat(np.arange(n_lines), steps)
    return (along, line) if kind == "csc" else (line, along)


def read_pickle(data: bytes) -> Any:
    """Return what a pickle of arrays holds: dicts, lists, text, numbers and numpy arrays.

    Nothing that stands in it is run or imported.

    Raises:
        FlameFileError: it is no pickle, is damaged, or names something else than arrays.
    """
    try:
        return _Plain(len(data)).of(_Reader().read(data))
    except FlameFileError:
        raise
    except RecursionError as error:
        raise FlameFileError("it is no readable pickle: values nested too deep") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError,
            UnicodeError, OverflowError, AssertionError) as error:  # fmt: skip
        raise FlameFileError(f"it is no readable pickle of arrays: {error}") from error
