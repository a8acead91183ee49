"""Where the weights of the instruction stage lie, and how they are asked for by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .errors import InstructionError

FOLDER: Final = Path(__file__).parents[2] / "weights"
DEFAULT: Final = "instruction"
RESEARCH: Final = "instruction-research"
"""Partly from recordings for non-commercial use; only ever loaded when asked for by name."""


def weights_path(name: str | Path) -> Path:
    """The file of a name ("instruction", "instruction-research") or of a path to one.

    Raises:
        InstructionError: there is no such file.
    """
    path = FOLDER / f"{name}.safetensors" if name in (DEFAULT, RESEARCH) else Path(name)
    if path.is_file():
        return path
    if name == RESEARCH:
        raise InstructionError(
            f"there are no weights '{RESEARCH}' at {path}",
            "They are for non-commercial use and not part of the package: build them with the "
            "recipe, or use 'instruction'.",
        )
    raise InstructionError(
        f"there are no instruction weights at {path}",
        "Install Soliloquy again, as weights belong to it, or write the direction yourself.",
    )
