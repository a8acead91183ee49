"""Generator names -> where they are made. Nothing heavy is imported until one is asked for.

A request without a name gets the default: the first of the table that this machine can run.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .errors import BadRequest, Unavailable
from .generators.base import Generator
from .wire.messages import GeneratorFacts

Factory = Callable[[str], Generator]
WEIGHTS: Final = Path(__file__).resolve().parent / "weights"


@dataclass(frozen=True)
class Offer:
    """A generator that the server may have.

    Attributes:
        factory: "module:function" or a callable; takes a device ("cpu", "cuda").
        packages: Python packages that it needs. weights: files of `server/weights` that it needs.
        facts: "module:function" that returns `GeneratorFacts` and imports nothing heavy, or "".
        image: "module:function" that returns why a picture cannot be its direction here and what to
            do, "" and "" when it can; "" for a generator that has no notion of pictures.
    """

    factory: str | Factory
    packages: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    facts: str = ""
    image: str = ""

    def problem(self, folder: Path = WEIGHTS) -> tuple[str, str]:
        """Return why it cannot be used and what to do, each one sentence; "" and "" when it can."""
        for package in self.packages:
            if importlib.util.find_spec(package) is None:
                return (
                    f"it needs the package '{package}', which is not installed",
                    "Install Soliloquy with its server part: pip install 'soliloquy[server]'.",
                )
        for name in self.weights:
            if not (folder / name).is_file():
                return (
                    f"its weights '{name}' are not installed",
                    "Install Soliloquy again: weights belong to it.",
                )
        return "", ""


GENERATORS: Final[Mapping[str, Offer]] = {
    "cafe_talk": Offer(
        "server.generators.cafe_talk:create",
        packages=("torch", "safetensors"),
        weights=("cafe_talk.safetensors",),
        facts="server.generators.cafe_talk.facts:facts",
    ),
    "expclip": Offer(
        "server.generators.expclip:create",
        packages=("torch", "safetensors"),
        weights=("expclip.safetensors",),
        facts="server.generators.expclip.facts:facts",
        image="server.generators.expclip.facts:image_problem",
    ),
    "avi_talking": Offer(
        "server.generators.avi_talking:create",
        packages=("torch", "safetensors"),
        weights=("avi_talking.safetensors",),
        facts="server.generators.avi_talking.facts:facts",
    ),
    "articulate": Offer("server.generators.articulate:create"),
}
"""The shipped generators, the default first; the last one always runs."""


class Registry:
    """Makes each generator once, when it is first asked for.

    Args:
        device: where generators run.
        offers: name -> offer, or just what makes it; the shipped ones by default.
        weights: folder of the weights.
    """

    def __init__(
        self,
        device: str = "cpu",
        offers: Mapping[str, Offer | Factory] = GENERATORS,
        weights: Path = WEIGHTS,
    ) -> None:
        self.device = device
        self._weights = weights
        self._offers = {
            name: offer if isinstance(offer, Offer) else Offer(offer)
            for name, offer in offers.items()
        }
        self._made: dict[str, Generator] = {}
        self._locks = {name: threading.Lock() for name in self._offers}

    @property
    def names(self) -> tuple[str, ...]:
        """All known names, whether they can be used or not."""
        return tuple(self._offers)

    def facts(self) -> dict[str, GeneratorFacts]:
        """Return what each generator can be asked for, with the reason where it cannot be used."""
        return {name: self._facts_of(name) for name in self._offers}

    def default(self) -> tuple[str, str]:
        """Return the first generator that can be used, and a note on those before it.

        Raises:
            Unavailable: not one can be used.
        """
        missed: list[str] = []
        for name, offer in self._offers.items():
            problem, _ = offer.problem(self._weights)
            if not problem:
                note = f"Performed by '{name}': {' '.join(missed)}" if missed else ""
                return name, note
            missed.append(f"'{name}' cannot be used, because {problem}.")
        raise Unavailable(f"There is no generator to use: {' '.join(missed)}")

    def check(self, name: str) -> None:
        """Refuse a name that is not known or cannot be used, without making anything.

        Raises:
            BadRequest: no such generator; the message lists the known ones.
            Unavailable: a package or its weights are not there.
        """
        if name not in self._offers:
            raise BadRequest(
                f"There is no generator '{name}'.", f"Known are {', '.join(self._offers)}."
            )
        problem, hint = self._offers[name].problem(self._weights)
        if problem:
            raise Unavailable(f"The generator '{name}' cannot be used: {problem}.", hint)

    def check_image(self, name: str) -> None:
        """Refuse a picture as direction for a generator that could read one and cannot here.

        Raises:
            Unavailable: what it needs is not there; the hint names what to get.
        """
        offer = self._offers[name]
        problem, hint = _named(offer.image)() if offer.image else ("", "")
        if problem:
            raise Unavailable(problem, hint)

    def get(self, name: str) -> Generator:
        """Return a generator, made now if need be.

        Raises:
            BadRequest: no such generator.
            Unavailable: a package or its weights are not there.
        """
        self.check(name)
        with self._locks[name]:
            if name not in self._made:
                factory = self._offers[name].factory
                if isinstance(factory, str):
                    factory = _named(factory)
                self._made[name] = factory(self.device)
            return self._made[name]

    def _facts_of(self, name: str) -> GeneratorFacts:
        offer = self._offers[name]
        problem, _ = offer.problem(self._weights)
        if problem:
            return GeneratorFacts(problem=f"'{name}' cannot be used: {problem}.")
        return _named(offer.facts)() if offer.facts else GeneratorFacts()


def _named(place: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)


def resolve_device(device: str) -> str:
    """Return "cuda" or "cpu" for "auto"; torch, slow to load, is asked only where a driver is.

    Raises:
        Unavailable: "cuda" is named, and there is none.
    """
    if device not in ("auto", "cuda"):
        return device
    found = _device_here()
    if device == "cuda" != found:
        raise Unavailable("The device is 'cuda', and no NVIDIA GPU can be used here.",
                          "Say --device cpu, or run `soliloquy doctor`.")  # fmt: skip
    return found


def _device_here() -> str:
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
