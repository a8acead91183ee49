"""The measures of the language part's weights, on wording, words and situations held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from server.evaluation import language as evaluation
from server.language import tables
from server.language.detector_file import load_detector
from server.language.encoder import BuiltinTextEncoder, load_encoder
from server.language.expclip import ExpClip, load_expclip
from server.language.express import Director
from server.language.known_texts import KnownTexts
from server.language.lexicon import Lexicon
from server.language.told import ToldSituations

from . import tune
from .recipe import Recipe
from .sources import development_words
from .tead import Quadruple
from .wording import held_out


def encoded(
    encoder: BuiltinTextEncoder, quadruples: Sequence[Quadruple] | Sequence[str]
) -> NDArray[np.float32]:
    """Embeddings float32 [n, D] of texts, or of quadruples' texts."""
    texts = [q if isinstance(q, str) else q.text for q in quadruples]
    return np.concatenate([encoder.encode(texts[i : i + 512]) for i in range(0, len(texts), 512)])


def known_texts(
    encoder: BuiltinTextEncoder, lexicon: Lexicon, left_out: Callable[[str], bool] = lambda _: False
) -> KnownTexts:
    """The tables' names of expressions and situations, without those `left_out`."""
    names = [w.text for w in tables.feeling_words() if len(w.text.split()) <= 3]
    names += [e.text for e in tables.named_expressions() if len(e.text.split()) <= 4]
    names = sorted({name for name in names if not left_out(name)})
    told = [s for s in tables.situations() if not left_out(s.text)]
    return KnownTexts(
        tuple(names), encoded(encoder, names),
        tuple(s.family for s in told), encoded(encoder, [s.text for s in told]),
        ToldSituations((s.text, s.family) for s in told), lexicon,
    )  # fmt: skip


def load_director(encoder_path: Path, out: Path) -> Director:
    """The weights of a run, with what training has not seen unknown to rules and index too."""
    encoder = load_encoder(encoder_path)
    detector, stored = load_detector(out / "text_au.safetensors")
    expclip = load_expclip(out / "expclip_autoencoder.safetensors")
    hidden = held_out_table_words()
    known = known_texts(encoder, stored.lexicon, lambda text: text in hidden or held_out(text))
    return Director(encoder, detector, expclip, known, left_out=hidden)


def held_out_table_words() -> frozenset[str]:
    """Every table phrase that training has not seen."""
    texts = [w.text for w in tables.feeling_words()]
    texts += [e.text for e in (*tables.named_expressions(), *tables.idioms())]
    return frozenset(t for t in texts if held_out(t)) | development_words()


def measure(
    quadruples: Sequence[Quadruple], encoder_path: Path, out: Path, most: int = 400
) -> dict[str, Any]:
    """The measures of the report, each on at most `most` held-out quadruples of a split."""
    director = load_director(encoder_path, out)
    training = [q for q in quadruples if q.split == "train"]
    mean = tune.pose_matrix(training[::10]).mean(0)
    report: dict[str, Any] = {"quadruples": len(quadruples), "trained_on": len(training)}
    for split in ("phrasing", "word", "situation"):
        chosen = [q for q in quadruples if q.split == split]
        chosen = chosen[:: max(1, len(chosen) // most)]
        report[split] = _split_measures(director, chosen, mean)
    pooled = [q for q in quadruples if q.split != "train"]
    report["held_out"] = _split_measures(director, pooled[:: max(1, len(pooled) // most)], mean)
    scores, wrong = evaluation.score_directions(evaluation.read_directions(), director.express)
    report["development_directions"] = scores
    report["development_wrong"] = [" < ".join(d.texts) for d in wrong]
    texts = [text for d in evaluation.read_directions() for text in d.texts]
    report["seconds"] = evaluation.seconds_per_text(director.express, texts)
    return report


def _split_measures(
    director: Director, chosen: Sequence[Quadruple], mean: NDArray[np.float32]
) -> dict[str, Any]:
    texts = [q.text for q in chosen]
    wanted_faces = [q.aus for q in chosen]
    wanted = tune.pose_matrix(chosen)
    found = [director.express(text) for text in texts]
    text_vectors = director.expclip.embed_text(encoded(director.encoder, chosen))
    with torch.inference_mode():
        poses = director.expclip.encoder(torch.from_numpy(wanted)).numpy()
    shown = np.stack([evaluation.shapes_array(one) for one in found])
    own = np.stack([one.embedding for one in found])
    pairs = zip(texts, found, strict=True)
    joint = np.stack([director.text_embedding(text, one) for text, one in pairs])
    faces_of_network = evaluation.network_faces(director, texts)
    return {
        "texts": len(texts),
        "network_f1": evaluation.au_f1(faces_of_network, wanted_faces),
        "express_f1": evaluation.au_f1([one.aus for one in found], wanted_faces),
        "expclip_error": evaluation.blendshape_error(
            director.expclip.decode(text_vectors), wanted, mean
        ),
        "express_error": evaluation.blendshape_error(shown, wanted, mean),
        "expclip_r10": evaluation.recall_at(text_vectors, poses, wanted),
        "express_r10": evaluation.recall_at(own, poses, wanted),
        "direction_r10": evaluation.recall_at(joint, poses, wanted),
    }


def measure_autoencoder(
    expclip: ExpClip, quadruples: Sequence[Quadruple], recipe: Recipe
) -> dict[str, dict[str, float]]:
    """How D(E(b)) rebuilds poses that were not trained on: mean error, and its share of what the
    mean pose would cost."""
    sets = {"random AUs": tune.random_poses(2000, recipe.seed + 1)}
    held = [q for q in quadruples if q.split != "train"]
    sets["held-out TEAD"] = tune.pose_matrix(held[:: max(1, len(held) // 2000)])
    if recipe.corpus:
        sets["corpus, valid"] = tune.corpus_poses(Path(recipe.corpus), "valid", 2000, 1)
    return {name: _rebuilt(expclip, poses) for name, poses in sets.items()}


@torch.inference_mode()
def _rebuilt(expclip: ExpClip, poses: NDArray[np.float32]) -> dict[str, float]:
    made = expclip.decode(expclip.encoder(torch.from_numpy(poses)).numpy())
    found = evaluation.blendshape_error(made, poses, poses.mean(0))
    return {**found, "mean_absolute": float(np.abs(made - poses).mean())}
