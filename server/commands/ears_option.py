"""The options of hearing: which ears, and whether they guess words."""

from __future__ import annotations

import argparse
from typing import Final

_RECOGNISERS: Final = {"auto": "auto", "research": "ears-research"}


def add_ears_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--ears`."""
    parser.add_argument(
        "--ears",
        default="auto",
        choices=tuple(_RECOGNISERS),
        help="research: trained on recordings for NON-COMMERCIAL use only (CC BY-NC-SA 4.0), "
        "a file that is not in the wheel; their takes carry a note",
    )


def add_guess_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--guess-words`."""
    parser.add_argument(
        "--guess-words",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="guess what an English line says when no transcript is given (default); "
        "it sharpens the lips and takes a quarter of the line's length or more",
    )


def recogniser_of(option: str) -> str:
    """Return the recogniser's name for a value of `--ears`."""
    return _RECOGNISERS[option]
