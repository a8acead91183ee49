"""The mean of two trainings' weights, which hears strange voices better than the later one alone.

    python -m server.training.ears.averaged EARLIER.safetensors LATER.safetensors --out MEAN

The later network may have more blocks than the earlier one (see `train.grown`); the mean then gives
them half of their output (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from server.speech.ears_model import Ears
from server.speech.ears_weights import load_ears, save_ears
from server.training.ears.train import grown


def averaged(earlier: Ears, later: Ears) -> Ears:
    """Return a network of the later one's size, halfway between the two."""
    before, after = earlier.state_dict(), later.state_dict()
    padded = grown(before, later)
    mean: dict[str, Tensor] = {}
    for name, value in after.items():
        # Weights inside a block that the earlier one lacks stay: what it adds is halved by `out`.
        shared = name in before or ".out." in name
        mean[name] = (padded[name] + value) / 2 if shared else value
    found = Ears(later.config)
    found.load_state_dict(mean)
    return found


def main() -> None:
    """Average two files of weights, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("later", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    about = {"mean_of": [options.earlier.name, options.later.name]}
    save_ears(averaged(load_ears(options.earlier), load_ears(options.later)), options.out, about)


if __name__ == "__main__":
    main()
