"""The paper's speech encoder: XLSR features from a local folder, through `transformers`.

Optional: used by the `paper` size only. Nothing is downloaded, no code of a checkpoint is run, and
only safetensors files are read.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.language.errors import EncoderError

Array = NDArray[np.float32]

_LEAST_SAMPLES: Final = 400  # the first convolution's reach
_PIECE: Final = 20 * 16000
_MARGIN: Final = 16000


class XlsrEncoder:
    """Wav2Vec 2.0 features of a line: 16 kHz samples [S] -> [F, width] with their times [F].

    `name` says in messages which of the family a generator asks for.

    Raises:
        EncoderError: `transformers` is not installed, or the folder holds no such checkpoint.
    """

    def __init__(self, folder: Path, device: str = "cpu", name: str = "XLSR") -> None:
        try:
            transformers: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise EncoderError(
                f"the speech encoder {name} needs the package transformers, which is not installed",
                "Install it, or use the size 'base'.",
            ) from error
        if not (folder / "config.json").is_file():
            raise EncoderError(
                f"there is no {name} checkpoint in {folder}",
                "Name a folder with config.json and safetensors weights.",
            )
        try:
            model: Any = transformers.Wav2Vec2Model.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError) as error:
            raise EncoderError(f"{folder} cannot be read as {name}: {error}") from error
        self._model = model.eval().to(device)
        self._device = device
        self.width = int(model.config.hidden_size)

    @torch.inference_mode()
    def encode(self, samples: Array) -> tuple[Array, NDArray[np.float64]]:
        """Return features and the seconds that each stands at; long lines go in pieces."""
        found, clock = [np.zeros((0, self.width), np.float32)], [np.zeros(0)]
        for start in range(0, len(samples), _PIECE):
            low, high = max(start - _MARGIN, 0), min(start + _PIECE + _MARGIN, len(samples))
            piece = _levelled(samples[low:high])
            states = self._model(torch.from_numpy(piece)[None].to(self._device)).last_hidden_state
            times = (low + (np.arange(states.shape[1]) + 0.5) * len(piece) / states.shape[1]) / 16e3
            inside = (times >= start / 16e3) & (times < (start + _PIECE) / 16e3)
            found.append(states[0].float().cpu().numpy()[inside])
            clock.append(times[inside])
        return np.concatenate(found), np.concatenate(clock)


def at_times(features: Array, clock: NDArray[np.float64], times: NDArray[np.float64]) -> Array:
    """Return features interpolated to other times, [T, width]; zeros where there are none."""
    if not len(features):
        return np.zeros((len(times), features.shape[1]), np.float32)
    place = np.interp(times, clock, np.arange(len(clock)))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(clock) - 1)
    share = (place - low)[:, None].astype(np.float32)
    return features[low] * (1 - share) + features[high] * share


def _levelled(samples: Array) -> Array:
    piece = np.pad(samples, (0, max(_LEAST_SAMPLES - len(samples), 0))).astype(np.float32)
    return (piece - piece.mean()) / np.float32(piece.std() + 1e-5)
