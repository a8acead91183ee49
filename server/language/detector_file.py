"""The text AU detector's file: its weights, and the texts whose face is known as int8 vectors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .detector import AU_COLUMNS, UNKNOWN, DetectorConfig, TextAuDetector, family_columns
from .errors import WeightsError
from .known_texts import KnownTexts
from .lexicon import Lexicon, packed_words, unpacked_words
from .told import told_situations

_OWN: Final = frozenset({"config", "aus", "families", "index", "situations"})
_LEXICON: Final = ("words", "columns", "shares", "feeling")
_SCALE: Final = 4 * 127
"""Entries of a unit vector of 256 are seldom over a quarter."""


def save_detector(
    detector: TextAuDetector, known: KnownTexts, path: Path, note: dict[str, str]
) -> None:
    """Write the detector (float16) with the known texts (int8 unit vectors)."""
    from safetensors.torch import save_file

    stored = {name: value.to(torch.float16) for name, value in detector.state_dict().items()}
    stored["index"] = _packed(known.name_vectors)
    stored["situations"] = _packed(known.situation_vectors)
    stored |= _lexicon_tensors(known.lexicon)
    metadata = {
        "config": json.dumps(asdict(detector.config)),
        "aus": " ".join(AU_COLUMNS),
        "families": " ".join(family_columns()),
        "index": "|".join(known.names),
        "situations": " ".join(known.families),
        **note,
    }
    save_file(stored, str(path), metadata=metadata)


def load_detector(path: Path) -> tuple[TextAuDetector, KnownTexts]:
    """Read what `save_detector` wrote.

    Raises:
        WeightsError: the file is absent, of another AU table, or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there are no AU detector weights at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata()
            config = DetectorConfig(**json.loads(metadata["config"]))
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            lexicon = _lexicon(metadata, [stored.pop(f"lexicon.{n}", None) for n in _LEXICON])
            known = _known(metadata, stored.pop("index"), stored.pop("situations"), lexicon)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is not an AU detector of this version: {error}") from error
    if metadata["aus"].split() != list(AU_COLUMNS):
        raise WeightsError(f"{path} is for another AU table: train the language part again")
    if metadata["families"].split() != list(family_columns()):
        raise WeightsError(f"{path} is for other families: train the language part again")
    detector = TextAuDetector(config)
    try:
        detector.load_state_dict({name: value.float() for name, value in stored.items()})
    except RuntimeError as error:
        raise WeightsError(f"{path} does not fit its own config: {error}") from error
    return detector.eval(), known


def read_note(path: Path) -> dict[str, str]:
    """The note that `save_detector` was given."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        return {name: text for name, text in file.metadata().items() if name not in _OWN}


def _known(
    metadata: dict[str, str], names: Tensor, situations: Tensor, lexicon: Lexicon
) -> KnownTexts:
    return KnownTexts(
        tuple(metadata["index"].split("|")), _unpacked(names),
        tuple(metadata["situations"].split()), _unpacked(situations),
        told_situations(), lexicon,
    )  # fmt: skip


def _lexicon_tensors(lexicon: Lexicon) -> dict[str, Tensor]:
    arrays = (packed_words(lexicon.words), lexicon.columns, lexicon.shares, lexicon.feeling)
    return {
        f"lexicon.{name}": torch.from_numpy(array)
        for name, array in zip(_LEXICON, arrays, strict=True)
    }


def _lexicon(metadata: dict[str, str], stored: list[Tensor | None]) -> Lexicon:
    """The lexicon, with the names of its families; an empty one of a file without it."""
    arrays = [tensor.numpy() for tensor in stored if tensor is not None]
    if len(arrays) < len(_LEXICON):
        return Lexicon()
    words, columns, shares, feeling = arrays
    names = tuple(name for name in metadata["families"].split() if name != UNKNOWN)
    return Lexicon(unpacked_words(words), names, columns, shares, feeling)


def _packed(vectors: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.round(vectors * _SCALE).clip(-127, 127).astype(np.int8))


def _unpacked(stored: Tensor) -> NDArray[np.float32]:
    vectors = stored.numpy().astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-6)
