"""Reads the pickles that FLAME's files are, without running anything that stands in them.

A pickle is a program. Here its opcodes are walked by a small interpreter of our own that knows
numbers, text, lists, dicts and a short list of names (numpy arrays, SciPy sparse matrices, chumpy
variables). Those names are never imported: each stands for a maker of `flame.pickle_names`, which
only puts together arrays whose bytes are in the file. Any other name ends the reading, and nothing
is called, imported or given attributes. Sizes cannot be declared larger than the file.

Both generations are read: Python 2 (text in Latin-1, `__builtin__`, `copy_reg`) and Python 3.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

import numpy as np

from .errors import FlameFileError
from .pickle_names import (
    PickledArray,
    PickledObject,
    PickledType,
    array_of,
    expect,
    known,
    made,
    members,
)

MAX_OPCODES: Final = 4_000_000
"""A FLAME file has some hundreds; landmark lists written number by number a few thousand."""
MAX_DENSE: Final = 8_000_000
"""Numbers in all sparse matrices once they are written out."""
MAX_DEPTH: Final = 32


class _Mark:
    """Where a list of arguments begins."""


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
        expect(self.stack[-1], list).append(item)

    def _op_appends(self, _: Any) -> None:
        items = self._since_mark()
        expect(self.stack[-1], list).extend(items)

    def _op_dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(_mapping(items))

    def _op_setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        expect(self.stack[-1], dict).update(_mapping([key, value]))

    def _op_setitems(self, _: Any) -> None:
        items = self._since_mark()
        expect(self.stack[-1], dict).update(_mapping(items))

    def _op_additems(self, _: Any) -> None:
        items = self._since_mark()
        expect(self.stack[-1], set).update(members(items))

    def _op_frozenset(self, _: Any) -> None:
        self.stack.append(frozenset(members(self._since_mark())))

    def _op_global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(known(module, name))

    def _op_stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(known(expect(module, str), expect(name, str)))

    def _op_reduce(self, _: Any) -> None:
        arguments = expect(self.stack.pop(), tuple)
        self.stack.append(made(self.stack.pop(), arguments))

    _op_newobj = _op_reduce

    def _op_inst(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        arguments = tuple(self._since_mark())
        self.stack.append(made(known(module, name), arguments))

    def _op_obj(self, _: Any) -> None:
        first, *arguments = self._since_mark()
        self.stack.append(made(first, tuple(arguments)))

    def _op_build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, (PickledArray, PickledType, PickledObject)):
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


def _mapping(items: list[Any]) -> dict[Any, Any]:
    return dict(zip(members(items[::2]), items[1::2], strict=True))


class _Plain:
    """Turns stand-ins into arrays, numbers, text, lists and dicts; what is shared is made once."""

    def __init__(self, size: int) -> None:
        self._made: dict[int, Any] = {}
        self._bytes_left = 2 * size  # shared bytes must not become many arrays
        self._dense_left = MAX_DENSE

    def of(self, value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(f"values nested deeper than {MAX_DEPTH}")
        if not isinstance(value, (PickledArray, PickledObject, dict, list, tuple)):
            return value
        if id(value) not in self._made:
            self._made[id(value)] = self._make(value, depth + 1)
        return self._made[id(value)]

    def _make(self, value: Any, depth: int) -> Any:
        if isinstance(value, PickledArray):
            return self._array(value, depth)
        if isinstance(value, dict):
            return {key: self.of(item, depth) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(item, depth) for item in value]
        state = {key: self.of(item, depth) for key, item in value.state.items()}
        return np.asarray(state["x"]) if value.name == "chumpy" else self._dense(value.name, state)

    def _array(self, value: PickledArray, depth: int) -> Any:
        if len(value.state) != 4:
            raise ValueError("an array without its numbers")
        self._bytes_left -= len(value.state[3])
        if self._bytes_left < 0:
            raise ValueError("arrays larger than the file")
        return self.of(array_of(*value.state), depth)

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
