"""Reports on the instruction stage: speaker cross-validation with ablations, and shipped weights.

python -m server.evaluation.instruction_report folds RECIPE --store FILE... --run FOLDER
python -m server.evaluation.instruction_report weights WEIGHTS --store FILE --run FOLDER
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from server.language.clip_text import text_encoder
from server.language.instruction.decoding import greedy
from server.language.instruction.model import InstructionModel, prompt_of
from server.language.instruction.weights import load_instruction
from server.training.instruction.corpus import SentenceCorpus, composed, kept
from server.training.instruction.material import Store
from server.training.instruction.stages import Run, Spoken, Voices, train_projection, train_words
from server.training.instruction.train import Recipe, fit, new_model, pretrained
from server.training.instruction.truth import CLASSES

from . import instruction as measure
from .instruction import Said

log = logging.getLogger(__name__)

N_FOLDS: Final = 6
PAPER: Final = {
    "full": {"bleu1": 47.4, "bleu4": 11.4, "meteor": 22.0, "rouge_l": 38.4, "cider": 49.3},
    "w/o Aug": {"bleu1": 45.4, "bleu4": 12.7, "meteor": 21.5, "rouge_l": 38.0, "cider": 54.5},
    "w/o LM": {"bleu1": 32.4, "bleu4": 7.1, "meteor": 16.1, "rouge_l": 28.0, "cider": 32.8},
    "w/o Q-Former": {"bleu1": 41.4, "bleu4": 10.4, "meteor": 20.7, "rouge_l": 36.0, "cider": 53.0},
}
"""Table 3 on MeadText: other sentences, other material; beside ours, not against."""


@dataclass(frozen=True)
class Corpora:
    """Sentences that are trained on, and those kept for comparison."""

    whole: SentenceCorpus
    train: SentenceCorpus
    held: SentenceCorpus


def corpora_of(recipe: Recipe, run: Path) -> Corpora:
    """The recipe's corpus, kept in the run's folder, in its two parts."""
    whole = kept(run / "sentences.json", recipe.sentences, recipe.seed, text_encoder("builtin"))
    return Corpora(whole, *whole.split(recipe.held, recipe.seed))


def folds_of(store: Store) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The fold of each line: speakers in turn, so that no speaker is on both sides."""
    order = {name: i % N_FOLDS for i, name in enumerate(sorted(set(store.speakers)))}
    return np.array([order[name] for name in store.speakers])


def cross_validation(
    recipe: Recipe, store: Store, corpora: Corpora, run: Path, n_ablated: int
) -> dict[str, Said]:
    """What full model, ablations and baselines say of speakers that they never heard.

    The ablations that need a training of their own are made of the first `n_ablated` folds; "full,
    same folds" is the full model there.
    """
    fold = folds_of(store)
    parts: dict[str, list[Said]] = {}
    for number in range(N_FOLDS):
        train = store.of(np.flatnonzero(fold != number))
        test = store.of(np.flatnonzero((fold == number) & (store.variants == 0)))
        model = _of_fold(recipe, train, corpora, run, number)
        said = measure.say(model, test)
        found = {"full": said, "majority": measure.said_most(test, train.cells, corpora.train)}
        found["likeliest alone"] = measure.say(model, test, chosen=False)
        if said.embeddings is not None:
            found["w/o LM"] = measure.said_nearest(said.embeddings, test, corpora.train)
        if number < n_ablated:
            found["w/o Q-Former"] = without_qformer(model, recipe, train, test, corpora.train)
            found["w/o Aug"] = without_augmentation(recipe, train, test)
            found["full, same folds"] = said
        for name, part in found.items():
            parts.setdefault(name, []).append(part)
        log.info("fold %d: %s", number, json.dumps(_plain(said, corpora.held)))
    whole = {name: measure.joined(some) for name, some in parts.items()}
    tests = store.of(np.flatnonzero(store.variants == 0))
    whole["best constant"] = measure.said_best_constant(tests, corpora.train)
    whole["shuffled audio"] = measure.shuffled(whole["full"])
    return whole


def _of_fold(
    recipe: Recipe, train: Store, corpora: Corpora, run: Path, number: int
) -> InstructionModel:
    """The fold's model: from the run's folder, or trained and kept there."""
    model = pretrained(corpora.whole, recipe, run / "words.pt", log.info)
    path = run / f"fold{number}.pt"
    if path.is_file():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    fit(model, train, corpora.whole, recipe, log.info)
    torch.save(model.state_dict(), path)
    return model


# --- ablations ---------------------------------------------------------------------------------


def _mean_features(store: Store, model: InstructionModel) -> torch.Tensor:
    """The mean of a line's stream and its normalised figures, [N, 1, F]."""
    means = torch.stack([torch.from_numpy(s.mean(0)) for s in store.streams])
    figures = torch.from_numpy(store.figures)
    normal = ((figures - model.qformer.mean) / model.qformer.deviation).clamp(-4, 4)
    return torch.cat([means, normal], 1)[:, None]


def without_qformer(
    model: InstructionModel, recipe: Recipe, train: Store, test: Store, corpus: SentenceCorpus
) -> Said:
    """Pooled features straight into the frozen language model, through as many prompt tokens."""
    torch.manual_seed(recipe.seed)
    queries = _mean_features(train, model)
    n_tokens, width = model.config.n_queries, model.config.words.n_state
    full = model.projection
    model.projection = _Spread(queries.shape[-1], n_tokens, width)
    cells = Voices.of(train).cells.numpy()
    train_projection(
        model, Spoken(queries, cells), corpus, Run(recipe.projection, recipe.seed, log.info)
    )
    with torch.inference_mode():
        projected = model.projection(_mean_features(test, model))
        prompt = prompt_of(model.words, projected, model.requests[0])
        texts = [model.words.decode(ids) for ids in greedy(model.words, prompt)]
    model.projection = full
    return Said(texts, test.cells, test.speakers)


class _Spread(nn.Linear):
    """One vector [B, 1, F] to Q prompt tokens [B, Q, D]."""

    def __init__(self, n_in: int, n_tokens: int, width: int) -> None:
        super().__init__(n_in, n_tokens * width)
        self.n_tokens = n_tokens

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input).view(len(input), self.n_tokens, -1)


def without_augmentation(recipe: Recipe, train: Store, test: Store) -> Said:
    """One plain sentence for each cell: language model and projection learned on these alone."""
    plain = composed(1, recipe.seed, text_encoder("builtin"), augmented=False)
    poor, words = new_model(plain, recipe.seed)
    train_words(words, plain, Run(recipe.words, recipe.seed, log.info))
    fit(poor, train, plain, recipe, log.info)
    return measure.say(poor, test)


# --- reports -----------------------------------------------------------------------------------


def _plain(said: Said, held: SentenceCorpus) -> dict[str, Any]:
    found = {name: round(e.value, 3) for name, e in measure.figures(said).items()}
    return (
        found
        | {"n": len(said.texts), "sentences": len(set(said.texts))}
        | (measure.wording_scores(said, held))
    )


def report(said: Mapping[str, Said], held: SentenceCorpus) -> dict[str, Any]:
    """All figures of all variants with their intervals, the confusion, and examples."""
    rows: dict[str, Any] = {}
    for name, part in said.items():
        rows[name] = {k: e.as_json() for k, e in measure.figures(part).items()}
        rows[name]["wording"] = measure.wording_scores(part, held)
        rows[name]["different sentences"] = len(set(part.texts))
    full = said["full"]
    return {
        "rows": rows, "paper": PAPER, "n": len(full.texts),
        "confusion": {"labels": CLASSES, "table": measure.confusion(full).tolist()},
        "examples": [
            {"right": f"{full.right[i].emotion}/{full.right[i].word}", "said": full.texts[i]}
            for i in range(0, len(full.texts), max(len(full.texts) // 24, 1))
        ],
    }  # fmt: skip


def shipped(weights: Path, store: Store, corpora: Corpora) -> dict[str, Said]:
    """What a weight file says of lines, with the baselines that need no training."""
    model, _ = load_instruction(weights)
    said = measure.say(model, store)
    found = {"full": said, "likeliest alone": measure.say(model, store, chosen=False)}
    if said.embeddings is not None:
        found["w/o LM"] = measure.said_nearest(said.embeddings, store, corpora.train)
    found["majority"] = measure.said_most(store, store.cells, corpora.train)
    found["best constant"] = measure.said_best_constant(store, corpora.train)
    found["shuffled audio"] = measure.shuffled(said)
    return found


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("folds", "weights"))
    parser.add_argument("subject", type=Path, help="recipe of `folds`, file of `weights`")
    parser.add_argument("--store", type=Path, action="append", required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--ablated-folds", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    recipe = Recipe.read(args.subject) if args.what == "folds" else Recipe(licence="")
    corpora, store = corpora_of(recipe, args.run), Store.load(args.store)
    said = (
        cross_validation(recipe, store, corpora, args.run, args.ablated_folds)
        if args.what == "folds"
        else shipped(args.subject, store, corpora)
    )
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "report.json").write_text(json.dumps(report(said, corpora.held), indent=1))
    _draw(said["full"], args.out)


def _draw(said: Said, out: Path) -> None:
    from .instruction_plots import plot_confusion, plot_embeddings

    plot_confusion(measure.confusion(said), out / "confusion.png")
    if said.embeddings is not None:
        plot_embeddings(said.embeddings, [c.emotion for c in said.right], out / "embeddings.png")


if __name__ == "__main__":
    main()

__all__ = ["cross_validation", "report", "shipped"]
