"""Training and cross-validation of the instruction stage, on a store of random voices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from server.evaluation.instruction_report import corpora_of, cross_validation, report
from server.language.instruction import Instructor
from server.language.instruction.voice import N_FIGURES, N_STREAM
from server.language.instruction.weights import save_instruction
from server.training.instruction.material import Store, varied
from server.training.instruction.stages import Options
from server.training.instruction.train import Recipe, fit, pretrained
from server.training.instruction.truth import Cell

CELLS = (Cell("neutral"), Cell("happy", "clearly"), Cell("sad", "strongly"))
RECIPE = Recipe(
    licence="none", sentences=5, held=0.2, words=Options(2, 4), qformer=Options(3, 6),
    projection=Options(2, 4), joint=1,
)  # fmt: skip


def random_store(n_speakers: int = 6) -> Store:
    dice = np.random.default_rng(0)
    n_lines = n_speakers * len(CELLS)
    return Store(
        [dice.standard_normal((20 + i % 7, N_STREAM)).astype(np.float32) for i in range(n_lines)],
        dice.standard_normal((n_lines, N_FIGURES)).astype(np.float32),
        list(CELLS) * n_speakers, [f"s{i // len(CELLS)}" for i in range(n_lines)],
        [f"line{i}" for i in range(n_lines)], np.zeros(n_lines, np.int64),
    )  # fmt: skip


def test_a_store_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = random_store()
    store.save(tmp_path / "store.npz")

    found = Store.load([tmp_path / "store.npz"])

    assert (found.cells, found.speakers, found.names) == (store.cells, store.speakers, store.names)
    np.testing.assert_allclose(found.streams[5], store.streams[5], atol=5e-3)


@pytest.mark.slow
def test_all_stages_ablations_and_the_report_run(tmp_path: Path) -> None:
    corpora, store = corpora_of(RECIPE, tmp_path), random_store()

    said = cross_validation(RECIPE, store, corpora, tmp_path, n_ablated=1)
    found = report(said, corpora.held)

    rows = found["rows"]
    assert {"full", "likeliest alone", "w/o LM", "w/o Q-Former", "w/o Aug", "majority",
            "best constant", "shuffled audio", "full, same folds"} <= set(rows)  # fmt: skip
    assert rows["full"]["emotion"]["n"] == len(store)
    assert rows["w/o Aug"]["emotion"]["n"] == len(CELLS)


@pytest.mark.slow
def test_a_trained_model_hears_only_the_cells_that_it_was_trained_on(tmp_path: Path) -> None:
    corpora = corpora_of(RECIPE, tmp_path)
    model = pretrained(corpora.whole, RECIPE, tmp_path / "words.pt", lambda _: None)
    fit(model, random_store(), corpora.whole, RECIPE, lambda _: None)
    save_instruction(model, tmp_path / "made.safetensors", {})

    back = Instructor(tmp_path / "made.safetensors").model

    trained = {f"{cell.emotion}/{cell.word}" for cell in CELLS}
    lengths = back.anchors.norm(dim=1)
    assert {n for n, x in zip(back.anchor_names, lengths.tolist(), strict=True) if x} == trained


def test_a_variant_is_the_same_for_the_same_seed_and_zero_changes_nothing() -> None:
    line = np.random.default_rng(1).standard_normal(8000).astype(np.float32)

    assert varied(line, 0, np.random.default_rng(0)) is line
    first = varied(line, 2, np.random.default_rng(3))
    np.testing.assert_array_equal(first, varied(line, 2, np.random.default_rng(3)))
    assert len(first) != len(line)
