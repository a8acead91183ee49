"""A line of speech -> an instruction in words."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from server.speech.recogniser import Samples

from .instruction import Instruction
from .weights import DEFAULT, weights_path


class Heard(Protocol):
    """What a recogniser or the service has heard of the same samples: `Speech`, `Recognition`."""

    @property
    def features(self) -> NDArray[np.float32] | None: ...


class Instructor:
    """Holds the loaded networks; thread-safe, one line at a time.

    Args:
        weights: "instruction", "instruction-research" or the path of a file.

    Raises:
        InstructionError: the file is absent or does not fit.
    """

    def __init__(self, weights: str | Path = DEFAULT) -> None:
        self.path = weights_path(weights)
        self.name = self.path.stem
        self._lock = threading.Lock()

    def instruct(
        self,
        samples: Samples,
        *,
        seed: int = 0,
        sample: bool = False,
        heard: Heard | None = None,
    ) -> Instruction:
        """Listen to a whole line, and say how its face should look.

        Args:
            samples: float32 [S], 16 kHz mono, -1..1, of any length; may be empty.
            seed: which of the plausible sentences; the same one always with the same seed.
            sample: draw a sentence by its probability; else the likeliest one, whatever the seed.
            heard: what the ears heard of these samples, so that they need not listen again.

        Returns:
            A neutral one with a note where no voice is heard.
        """
        raise NotImplementedError


@lru_cache(maxsize=2)
def _loaded(weights: str | Path) -> Instructor:
    return Instructor(weights)


def instruct(
    samples_16k: Samples,
    *,
    seed: int = 0,
    sample: bool = False,
    weights: str | Path = DEFAULT,
    heard: Heard | None = None,
) -> Instruction:
    """See `Instructor.instruct`; the weights stay loaded.

    Raises:
        InstructionError: there are no such weights.
    """
    return _loaded(weights).instruct(samples_16k, seed=seed, sample=sample, heard=heard)
