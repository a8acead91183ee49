"""`output = flame`: the same frames on a FLAME head, beside the 52 blendshapes of each chunk.

A generator that works in FLAME's terms says itself what they are in the built-in head's basis. All
others, and any other basis, go through the 52 blendshapes, which is linear (`flame.convert`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.names import ARKIT_NAMES, INDEX

from .errors import BadRequest, Unavailable
from .generators import base
from .wire.messages import Chunk, FlameFrames

if TYPE_CHECKING:
    from flame.clip import FlameClip
    from flame.model import FlameModel


class FlameModels:
    """The FLAME models that this server makes frames for: the built-in head, and given files.

    Args:
        files: FLAME models; read, without running what is in them, when one is first asked for.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self._files = tuple(files)
        self._models: dict[str, FlameModel] = {}
        self._lock = threading.Lock()

    def get(self, basis_id: str) -> FlameModel:
        """Return the model of a basis; "" is the built-in head.

        Raises:
            BadRequest: this server has no such model; the hint says how it gets one.
            Unavailable: a package or a file cannot be read.
        """
        models = self._all()
        if not basis_id:
            return next(iter(models.values()))
        if basis_id not in models:
            raise BadRequest(
                f"This server has no FLAME model of the basis '{basis_id[:64]}'.",
                "Start it with that model: soliloquy serve --flame MODEL. The server that Blender "
                "starts itself knows the FLAME heads of the open file: stop it and generate again.",
            )
        return models[basis_id]

    def _all(self) -> dict[str, FlameModel]:
        """Return the models by their basis, the built-in one first."""
        from flame.errors import FlameError

        with self._lock:
            if not self._models:
                try:
                    self._models = _read(self._files)
                except ImportError as error:
                    raise Unavailable(
                        f"FLAME output needs a package that is missing ({error}).",
                        "Install Soliloquy with its server part: pip install 'soliloquy[server]'.",
                    ) from error
                except FlameError as error:
                    raise Unavailable(f"A FLAME model cannot be read: {error}") from error
        return self._models


def _read(files: Sequence[Path]) -> dict[str, FlameModel]:
    from flame.built_in import built_in_flame_model
    from flame.model_files import read_flame_model

    models = [built_in_flame_model(), *(read_flame_model(path) for path in files)]
    return {model.basis_id: model for model in models}


@dataclass
class FlameOutput:
    """Puts FLAME frames beside the chunks of one request.

    Attributes:
        model: whose basis is asked for. is_built_in: whether it is the built-in head.
        notes: what the conversion had to say so far.
    """

    model: FlameModel
    is_built_in: bool
    notes: list[str] = field(default_factory=list)

    def beside(self, chunk: Chunk, native: base.FlameFrames | None = None) -> Chunk:
        """Return a chunk with its FLAME frames.

        Args:
            native: the generator's own, in the built-in head's basis, of the same frames.
        """
        made = self._converted(chunk)
        assert made.jaw is not None and made.neck is not None and made.eyes is not None
        expression, jaw = made.expression, made.jaw
        if native is not None and self.is_built_in:
            width = self.model.n_expressions
            expression, jaw = _as_wide(native.expression, width), native.jaw
        flame = FlameFrames(
            self.model.basis_id,
            np.asarray(expression, np.float32),
            np.asarray(jaw, np.float32),
            made.neck,
            made.eyes,
        )
        return replace(chunk, flame=flame)

    def _converted(self, chunk: Chunk) -> FlameClip:
        from flame.convert import arkit_to_flame

        faces = np.zeros((len(chunk.coefficients), len(ARKIT_NAMES)), np.float32)
        faces[:, [INDEX[name] for name in chunk.names]] = chunk.coefficients
        made = arkit_to_flame(ArkitClip(faces, 1.0, chunk.head, chunk.eyes), self.model)
        self.notes += [note for note in made.notes if note not in self.notes]
        return made


def _as_wide(expression: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return [n, width] of a generator that uses only the first coefficients."""
    return np.pad(expression, ((0, 0), (0, width - expression.shape[1])))
