"""The space of ExpCLIP's autoencoder: rebuilding, retrieval, smoothness (Table 1, Figs. 5, 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.language.expclip import ExpClip

from .intervals import mean

Array = NDArray[np.float32]

_RANKS: Final = (1, 5, 10)


@dataclass(frozen=True)
class Labelled:
    """Faces [N, 52] with the embeddings of their texts [N, 256] and a word for each."""

    faces: Array
    texts: Array
    labels: tuple[str, ...]


@torch.inference_mode()
def embedded(expclip: ExpClip, faces: Array) -> Array:
    """Return E(b), [N, 256]."""
    return expclip.encoder(torch.from_numpy(faces)).numpy()


def rebuilding(expclip: ExpClip, faces: Array) -> dict[str, Any]:
    """Return the mean squared error of D(E(b)) against b (Table 1), and that of the mean face."""
    errors = np.square(expclip.decode(embedded(expclip, faces)) - faces).mean(axis=1)
    plain = np.square(faces - faces.mean(axis=0)).mean(axis=1)
    return {"mse": mean(errors).as_json(), "mean_face": mean(plain).as_json()}


def retrieval(queries: Array, found: Array) -> dict[str, Any]:
    """Return how often the right row of `found` is among the nearest to its query.

    Both [N, 256], unit length, row i belonging to row i; cosine, as in Fig. 5. Rows of `found`
    that are the same face as the right one count as right.
    """
    near = queries @ found.T
    right = np.diag(near)[:, None]
    rank = (near > right + 1e-6).sum(axis=1)
    shares = {f"R@{k}": mean((rank < k).astype(float)).as_json() for k in _RANKS}
    return {"n": len(queries), "median_rank": float(np.median(rank) + 1), **shares}


def distant_pairs(embeddings: Array, count: int, seed: int) -> list[tuple[int, int]]:
    """Return pairs of rows that lie far apart: of each drawn row, its farthest among 50 others."""
    rng = np.random.default_rng(seed)
    pairs = []
    for first in rng.choice(len(embeddings), count, replace=False):
        others = rng.choice(len(embeddings), min(50, len(embeddings)), replace=False)
        pairs.append((int(first), int(others[(embeddings[others] @ embeddings[first]).argmin()])))
    return pairs


def between(expclip: ExpClip, first: Array, second: Array, steps: int) -> Array:
    """Return the faces on the way from one embedding to another, [steps, 52] (Fig. 6 b)."""
    shares = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
    way = (1.0 - shares) * first + shares * second
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
    return expclip.decode(way.astype(np.float32))


def smoothness(expclip: ExpClip, embeddings: Array, pairs: Sequence[tuple[int, int]]
               ) -> dict[str, Any]:  # fmt: skip
    """Return how even and how straight the way between distant faces is.

    `largest_step`: of 10 steps, the longest over the whole length (even is .1). `one_way`: share
    of blendshapes that change by more than .05 and never turn back by more than .01.
    """
    longest, one_way = [], []
    for a, b in pairs:
        faces = between(expclip, embeddings[a], embeddings[b], 11)
        steps = np.diff(faces, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        longest.append(lengths.max() / max(float(lengths.sum()), 1e-9))
        whole = faces[-1] - faces[0]
        moved = np.abs(whole) > 0.05
        one_way += ((steps * np.sign(whole)).min(axis=0)[moved] >= -0.01).tolist()
    return {"largest_step": mean(longest).as_json(), "one_way": mean(one_way).as_json()}


def report(expclip: ExpClip, sets: Mapping[str, Array], pairs: Labelled, seed: int = 0
           ) -> dict[str, Any]:  # fmt: skip
    """Return all figures of the space.

    Args:
        sets: name -> faces [N, 52] that were not trained on. pairs: faces with their texts.
    """
    faces = embedded(expclip, pairs.faces)
    texts = expclip.embed_text(pairs.texts)
    return {
        "rebuilding": {name: rebuilding(expclip, rows) for name, rows in sets.items()},
        "text to face": retrieval(texts, faces),
        "face to text": retrieval(faces, texts),
        "smoothness": smoothness(expclip, faces, distant_pairs(faces, 100, seed)),
    }
