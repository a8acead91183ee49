"""Generator names -> where they are made. Nothing heavy is imported until one is asked for."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import threading
from collections.abc import Callable, Mapping
from typing import Final

from .errors import BadRequest
from .generators.base import Generator

GENERATORS: Final[Mapping[str, str]] = {
    "articulate": "server.generators.articulate:create",
}
"""Name -> "module:function"; it takes a device ("cpu", "cuda") and returns a generator."""

Factory = Callable[[str], Generator]


class Registry:
    """Makes each generator once, when it is first asked for.

    Args:
        device: where generators run.
        factories: name -> "module:function" or a callable; the shipped ones by default.
    """

    def __init__(
        self, device: str = "cpu", factories: Mapping[str, str | Factory] = GENERATORS
    ) -> None:
        self.device = device
        self._factories = dict(factories)
        self._made: dict[str, Generator] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """All known names, whether made yet or not."""
        return tuple(self._factories)

    def check(self, name: str) -> None:
        """Refuse a name that is not known, without making anything.

        Raises:
            BadRequest: no such generator; the message lists the known ones.
        """
        if name not in self._factories:
            raise BadRequest(
                f"There is no generator '{name}'.", f"Known are {', '.join(self._factories)}."
            )

    def get(self, name: str) -> Generator:
        """Return a generator, made now if need be.

        Raises:
            BadRequest: no such generator.
        """
        self.check(name)
        with self._lock:
            if name not in self._made:
                factory = self._factories[name]
                if isinstance(factory, str):
                    module, _, function = factory.partition(":")
                    factory = getattr(importlib.import_module(module), function)
                self._made[name] = factory(self.device)
            return self._made[name]


def resolve_device(device: str) -> str:
    """Return "cuda" or "cpu" for "auto"; torch, slow to load, is asked only where a driver is."""
    if device != "auto":
        return device
    if not _has_cuda_driver():
        return "cpu"
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


def _has_cuda_driver() -> bool:
    for library in ("libcuda.so.1", "nvcuda.dll"):
        with contextlib.suppress(OSError):
            ctypes.CDLL(library)
            return True
    return False
