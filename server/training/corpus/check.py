"""How good a corpus is: closures under every feeling, life beside captures, layers and splits.

    python -m server.training.corpus.check FOLDER [--plot PNG]

The gap between the lips is measured on the ICT head (a judge that the
articulation was not fitted to).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact
from server.evaluation.lips import CLOSED_MM, load_ict_lips
from server.evaluation.naturalness import Take, live_link_takes, measure, plot
from server.training.ears.corpus import data_folder

from .performing import LAYERS
from .reader import CorpusReader

Gap = Callable[[NDArray[np.float32]], NDArray[np.float64]]
_STRIPS: Final = LAYERS.index("strips")


def closed_contacts(
    face: NDArray[np.float32], contacts: Sequence[Contact], fps: float, gap: Gap
) -> NDArray[np.bool_]:
    """Return for each lip contact whether the lips meet in it, from a face [T, 52].

    They must meet at a frame inside the contact, or at the frame nearest to its middle where none
    falls inside. `gap` gives millimetres, [T].
    """
    lips = [c for c in contacts if c.kind == "lips"]
    millimetres = gap(face)
    met = []
    for contact in lips:
        first = int(np.ceil(contact.start * fps - 1e-6))
        last = int(np.floor(contact.end * fps + 1e-6))
        if last < first:
            first = last = round(0.5 * (contact.start + contact.end) * fps)
        inside = millimetres[max(first, 0) : min(last, len(face) - 1) + 1]
        met.append(bool(len(inside)) and bool(inside.min() <= CLOSED_MM))
    return np.array(met, bool)


def closure_shares(corpus: CorpusReader, gap: Gap) -> dict[str, tuple[int, float]]:
    """Return group -> (contacts, share closed), for each emotion with and without strips."""
    met: dict[str, list[NDArray[np.bool_]]] = defaultdict(list)
    for number, utterance in enumerate(corpus.utterances):
        layers = corpus.layers(number)
        whole = np.clip(layers.sum(axis=1), 0.0, 1.0)
        name = utterance.emotion if utterance.kind == "performed" else "captured"
        plain = np.clip(layers.sum(axis=1) - layers[:, _STRIPS], 0.0, 1.0)
        met[name].append(closed_contacts(plain, utterance.contacts, corpus.fps, gap))
        if utterance.strips:
            marked = closed_contacts(whole, utterance.contacts, corpus.fps, gap)
            met[f"{name} + strips"].append(marked)
    joined = {name: np.concatenate(parts) for name, parts in sorted(met.items())}
    return {name: (len(all_), float(all_.mean())) for name, all_ in joined.items() if len(all_)}


def as_takes(corpus: CorpusReader, emotion: str | None = None) -> list[Take]:
    """Return the performed utterances without their strips, as motions to measure."""
    takes = []
    for number, utterance in enumerate(corpus.utterances):
        if utterance.kind != "performed" or emotion not in {None, utterance.emotion}:
            continue
        layers = corpus.layers(number)
        face = np.clip(layers.sum(axis=1) - layers[:, _STRIPS], 0.0, 1.0)
        takes.append(Take(utterance.id, face, corpus.pose(number)[1], corpus.fps))
    return takes


def summary(corpus: CorpusReader) -> dict[str, Any]:
    """Return how much there is of what, in hours and utterances."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for utterance in corpus.utterances:
        hours = utterance.frames / corpus.fps / 3600
        for label in ("split", "kind", "language", "emotion", "actor"):
            counts[label][getattr(utterance, label)] += round(hours, 5)
    strips = sum(len(u.strips) for u in corpus.utterances)
    voices = len({u.voice for u in corpus.utterances})
    return {
        "hours": corpus.hours, "utterances": len(corpus.utterances), "strips": strips,
        "voices": voices, **{label: dict(sorted(found.items())) for label, found in counts.items()},
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Write the report as JSON to standard output; 0 if every group closes in 99.5 %."""
    parser = argparse.ArgumentParser(description="Check a performed corpus.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plot", type=Path, help="PNG of distributions beside the captures")
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_args(arguments)
    corpus = CorpusReader(options.folder)
    closures = closure_shares(corpus, load_ict_lips(options.data / "ict_facekit"))
    captured = [t for t in live_link_takes(options.data / "live_link") if "silent" in t.name]
    measured = {"captures": measure(captured), "corpus": measure(as_takes(corpus))}
    emotions = sorted({u.emotion for u in corpus.utterances if u.kind == "performed"})
    by_emotion = {name: measure(as_takes(corpus, name)) for name in emotions}
    if options.plot:
        plot(measured, options.plot)
    report = {
        "summary": summary(corpus),
        "closures": {name: {"contacts": n, "closed": s} for name, (n, s) in closures.items()},
        "naturalness": {n: m.numbers() for n, m in (measured | by_emotion).items()},
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    worst = min((s for n, (_, s) in closures.items() if not n.startswith("captured")), default=1.0)
    return 0 if worst >= 0.995 else 1


if __name__ == "__main__":
    raise SystemExit(main())
