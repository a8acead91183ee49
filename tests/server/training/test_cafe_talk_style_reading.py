"""Reading a style from clips, fitted for a table that stands still."""

from __future__ import annotations

import numpy as np
import torch

from server.generators.cafe_talk.styles import N_STATISTICS, StyleEncoder
from server.training.cafe_talk.style_reading import Fit, fitted, recognised

N_STYLES, PER_STYLE = 4, 12
FIT = Fit(steps=150, batch=32)


def made() -> tuple[torch.Tensor, np.ndarray, dict[int, list[int]]]:
    """A table, statistics of a few lines of each style, and which lines are whose."""
    rng = np.random.default_rng(0)
    table = torch.from_numpy(rng.standard_normal((N_STYLES, 8)).astype(np.float32))
    typical = rng.random((N_STYLES, N_STATISTICS))
    rows = np.repeat(np.arange(N_STYLES), PER_STYLE)
    statistics = typical[rows] + 0.3 * rng.standard_normal((len(rows), N_STATISTICS))
    return table, statistics.astype(np.float32), {
        k: np.flatnonzero(rows == k).tolist() for k in range(N_STYLES)
    }  # fmt: skip


def test_a_fitted_encoder_names_the_style_of_clips_and_an_untrained_one_does_not() -> None:
    table, statistics, lines = made()
    torch.manual_seed(0)
    untrained = StyleEncoder(table.shape[1])
    assert recognised(fitted(table, statistics, lines, FIT), table, statistics, lines, 4) > 0.9
    assert recognised(untrained, table, statistics, lines, 4) < 0.6


def test_more_clips_land_nearer_to_the_style() -> None:
    table, statistics, lines = made()
    encoder = fitted(table, statistics, lines, FIT)

    def apart(clips: int) -> float:
        rng = np.random.default_rng(1)
        shown = np.stack([statistics[rng.choice(lines[k], clips)].mean(axis=0) for k in lines])
        with torch.no_grad():
            return float((encoder(torch.from_numpy(shown)) - table).square().mean())

    assert apart(8) < apart(1)


def test_fitting_leaves_the_table_as_it_is() -> None:
    table, statistics, lines = made()
    before = table.clone()
    fitted(table, statistics, lines, Fit(steps=3, batch=4))
    assert torch.equal(table, before)
