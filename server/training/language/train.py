"""Train the whole language part from one recipe: distil, tune, ExpCLIP, measure, write weights.

    python -m server.training.language.train RECIPE.toml [--run FOLDER] [--out FOLDER]
        [--corpus FOLDER] [--expclip-only]

With `--expclip-only` the encoder and the detector of `--out` stay as they are, and ExpCLIP's
autoencoder and projector are trained on them. `--corpus` names a performed corpus whose frames the
autoencoder learns to rebuild beside TEAD's faces.

Every stage keeps a checkpoint in the run folder and is skipped or resumed when started again. The
measures are taken on wording, words and situations that were held out, by the shipped (rounded)
weights, and are written into the weights' metadata and beside them as a JSON report.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import random
import re
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.evaluation import language as evaluation
from server.language import tables
from server.language.detector import TextAuDetector, load_detector, save_detector
from server.language.encoder import (
    BuiltinTextEncoder,
    EncoderConfig,
    EncoderNetwork,
    load_encoder,
    save_encoder,
)
from server.language.errors import LanguageError
from server.language.expclip import ExpClip, load_expclip, save_expclip
from server.language.express import WEIGHTS, Director

from . import corpora, distil, tune
from .distil import DistilOptions
from .teacher import Teacher
from .tead import UNKNOWN, Composer, Quadruple
from .tune import ExpClipOptions, TuneOptions
from .wording import held_out

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """What makes a run.

    Attributes:
        wordnet: folder of the WordNet database files. corpus: folder of a performed corpus, or "".
        quadruples: size of TEAD.
        threads: of the processor.
    """

    wordnet: str = "/usr/share/wordnet"
    corpus: str = ""
    quadruples: int = 60_000
    seed: int = 0
    threads: int = 1
    distil: DistilOptions = field(default_factory=DistilOptions)
    tune: TuneOptions = field(default_factory=TuneOptions)
    expclip: ExpClipOptions = field(default_factory=ExpClipOptions)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        LanguageError: an unknown field.
    """
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = {
        "distil": DistilOptions, "tune": TuneOptions, "expclip": ExpClipOptions,
    }  # fmt: skip
    for name, kind in sections.items():
        given = data.get(name, {})
        unknown = set(given) - {f.name for f in fields(kind)}
        if unknown:
            raise LanguageError(f"{path.name}: [{name}] has no field '{sorted(unknown)[0]}'")
        data[name] = kind(**given)
    unknown = set(data) - {f.name for f in fields(Recipe)}
    if unknown:
        raise LanguageError(f"{path.name} has no field '{sorted(unknown)[0]}'")
    return Recipe(**data)


def development_words() -> frozenset[str]:
    """Table words that the development directions ask as unseen words: held out of training."""
    asked = [
        text for d in evaluation.read_directions() if d.kind == "word" for text in d.texts
    ]  # fmt: skip
    return frozenset(
        word.text
        for word in tables.feeling_words()
        if any(re.search(rf"\b{re.escape(word.text)}\b", text) for text in asked)
        and word.text not in ("low", "down", "a start")
    )


def compose(recipe: Recipe) -> list[Quadruple]:
    """TEAD, with the development words held out."""
    return Composer(recipe.seed, development_words()).compose(recipe.quadruples)


def relatives(
    senses: Sequence[corpora.Sense], teacher: Teacher, closest: int = 3
) -> list[tuple[str, str]]:
    """Dictionary relatives of the training words: (word or gloss, family).

    A synset that holds a training word of one family gives its other words and its gloss, if the
    sentence model too finds that family among the `closest` for the gloss.
    """
    hidden = development_words()
    training = {
        w.text: w.family
        for w in tables.feeling_words()
        if not held_out(w.text) and w.text not in hidden
    }
    all_words = {w.text for w in tables.feeling_words()}
    names = list(tables.families())
    centres = np.stack([_centre(teacher, training, name) for name in names])
    chosen: list[tuple[corpora.Sense, str]] = []
    for sense in senses:
        found = {training[word] for word in sense.words if word in training}
        if len(found) == 1 and sense.part != "adv":
            chosen.append((sense, found.pop()))
    glosses = teacher.encode([sense.gloss for sense, _ in chosen]).astype(np.float32)
    near = np.argsort(-(glosses @ centres.T), axis=1)[:, :closest]
    pairs: set[tuple[str, str]] = set()
    for (sense, family), ranks in zip(chosen, near, strict=True):
        if names.index(family) not in ranks or family in ("neutral", "interest", "thought"):
            continue
        pairs.add((sense.gloss, family))
        others = [w for w in sense.words if w not in all_words and not held_out(w)]
        pairs.update((word, family) for word in others)
    return sorted(pairs)


def _centre(teacher: Teacher, training: dict[str, str], family: str) -> NDArray[np.float32]:
    own = [word for word, name in training.items() if name == family]
    mean = teacher.encode(own).astype(np.float32).mean(0)
    return mean / np.linalg.norm(mean)


def nothing_texts(senses: Sequence[corpora.Sense]) -> list[tuple[str, str]]:
    """Glosses of things, plants, places and sums: texts that say nothing about a face."""
    plain = {"06", "14", "15", "17", "20", "21", "23", "27", "28"}
    picked = [s.gloss for s in senses if s.part == "noun" and s.file in plain]
    step = max(1, len(picked) // 1500)
    return [(text, UNKNOWN) for text in picked[::step]]


def cause_texts(seed: int) -> list[tuple[str, str]]:
    """The common causes of each feeling, bare and in a few words: (text, family)."""
    rng = random.Random(seed)
    frames = ("{x}", "{x}", "the {x}", "there is {x}", "it is about {x}", "{x} and then {y}")
    found: list[tuple[str, str]] = []
    for _, (family, _, texts) in tables.rows("causes.tsv", 3):
        causes = texts.split("|")
        for cause in causes:
            for frame in rng.sample(frames, 3):
                text = frame.replace("{x}", cause).replace("{y}", rng.choice(causes))
                found.append((text, family))
    return found


_POSES: Final = 20_000
"""Random poses without a text; twice as many frames of a corpus."""


@dataclass(frozen=True)
class Paths:
    """Where a run keeps its state and where the weights go."""

    run: Path
    out: Path


def train(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Run every stage; returns the measures."""
    torch.set_num_threads(recipe.threads)
    paths.run.mkdir(parents=True, exist_ok=True)
    paths.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    quadruples = compose(recipe)
    log.info("composed %d quadruples", len(quadruples))
    encoder, banks, extra = _distilled(recipe, paths)
    training = [q for q in quadruples if q.split == "train"]
    examples = tune.examples_of([*training, *extra])
    detector = tune.tune(encoder, examples, banks, recipe.tune, paths.run, report=log.info)
    expclip = _expclip(recipe, paths, encoder, training)
    minutes = (time.monotonic() - started) / 60
    note = _note(recipe, minutes)
    _save(encoder, detector, expclip, paths.out, note)
    report = measure(quadruples, paths.out)
    (paths.run / "report.json").write_text(json.dumps({**note, **report}, indent=1))
    return report


def train_expclip_only(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Train ExpCLIP on the encoder that is in the folder of the weights; returns the measures."""
    torch.set_num_threads(recipe.threads)
    paths.run.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    quadruples = compose(recipe)
    training = [q for q in quadruples if q.split == "train"]
    encoder = load_encoder(WEIGHTS / "text_encoder.safetensors")
    expclip = _expclip(recipe, paths, encoder, training)
    note = _note(recipe, (time.process_time() - started) / 60)
    note["steps"] = str(recipe.expclip.steps)
    save_expclip(expclip, paths.out / "expclip_autoencoder.safetensors", note)
    return {
        "expclip": measure_autoencoder(
            load_expclip(paths.out / "expclip_autoencoder.safetensors"), quadruples, recipe
        )
    }


def _expclip(
    recipe: Recipe, paths: Paths, encoder: BuiltinTextEncoder, training: Sequence[Quadruple]
) -> ExpClip:
    texts = [*training, *_situation_texts(training)]
    texts = random.Random(recipe.seed).sample(texts, min(len(texts), recipe.expclip.texts))
    unpaired = tune.random_poses(_POSES, recipe.seed)
    if recipe.corpus:
        frames = tune.corpus_poses(Path(recipe.corpus), "train", 2 * _POSES, recipe.seed)
        unpaired = np.concatenate([unpaired, frames])
    torch.manual_seed(recipe.seed)
    expclip = ExpClip()
    tune.train_expclip(
        expclip, _encoded(encoder, texts), tune.pose_matrix(texts), recipe.expclip, paths.run,
        unpaired=unpaired, report=log.info,
    )  # fmt: skip
    return expclip


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


def _distilled(
    recipe: Recipe, paths: Paths
) -> tuple[BuiltinTextEncoder, list[distil.Bank], list[Quadruple]]:
    """The distilled encoder, the teacher's texts, and the dictionary's examples."""
    teacher = Teacher(paths.run / "teacher")
    wordnet = Path(recipe.wordnet)
    config = EncoderConfig()
    kept = distil.load_banks(paths.run)
    if kept is None:
        kept = distil.make_banks(teacher, wordnet, config, recipe.distil)
        distil.save_banks(paths.run, *kept)
    vocabulary, _, banks = kept
    senses = corpora.wordnet_senses(wordnet)
    extra = [
        *tune.family_examples(relatives(senses, teacher), explicit=True),
        *tune.family_examples(nothing_texts(senses), explicit=False),
        *tune.family_examples(cause_texts(recipe.seed), explicit=False),
    ]
    done = paths.run / "distilled.pt"
    if done.is_file():
        network = EncoderNetwork(config)
        network.load_state_dict(torch.load(done, weights_only=True))
        return BuiltinTextEncoder(network.eval(), vocabulary), banks, extra
    encoder = distil.new_encoder(vocabulary, banks, config, recipe.seed)
    distil.distil(encoder, banks, recipe.distil, paths.run, log.info)
    for bank in banks:
        log.info("teacher agreement, %s: %.3f", bank.name, distil.agreement(encoder, bank))
    torch.save(encoder.network.state_dict(), done)
    return encoder, banks, extra


def _situation_texts(training: Sequence[Quadruple]) -> list[Quadruple]:
    """The paper's e and s as texts: tags at plain strength, and plain situations."""
    pairs = tune.tag_texts(training)
    plain = [
        (s.text, s.family) for s in tables.situations()
        if not held_out(s.text) and s.family != "neutral"
    ]  # fmt: skip
    return [*tune.family_examples(pairs, True), *tune.family_examples(plain * 3, False)]


def _encoded(encoder: BuiltinTextEncoder, quadruples: Sequence[Quadruple]) -> NDArray[np.float32]:
    texts = [q.text for q in quadruples]
    return np.concatenate([encoder.encode(texts[i : i + 512]) for i in range(0, len(texts), 512)])


def _note(recipe: Recipe, minutes: float) -> dict[str, str]:
    return {
        "recipe": "server/training/recipes/language.toml",
        "seed": str(recipe.seed),
        "steps": f"{recipe.distil.steps} + {recipe.tune.steps} + {recipe.expclip.steps}",
        "minutes": f"{minutes:.0f}",
        "machine": f"{platform.machine()}, {recipe.threads} thread",
    }


def known_expressions() -> list[str]:
    """Names in the index of nearest expressions."""
    own = [w.text for w in tables.feeling_words() if len(w.text.split()) <= 3]
    named = [e.text for e in tables.named_expressions() if len(e.text.split()) <= 4]
    return sorted(set(own) | set(named))


def _save(
    encoder: BuiltinTextEncoder, detector: TextAuDetector, expclip: ExpClip, out: Path,
    note: dict[str, str],
) -> None:  # fmt: skip
    save_encoder(encoder, out / "text_encoder.safetensors", note)
    shipped = load_encoder(out / "text_encoder.safetensors")
    names = known_expressions()
    vectors = np.concatenate(
        [shipped.encode(names[i : i + 256]) for i in range(0, len(names), 256)]
    )
    save_detector(detector, names, vectors, out / "text_au.safetensors", note)
    save_expclip(expclip, out / "expclip_autoencoder.safetensors", note)


def load_director(out: Path, left_out: frozenset[str] = frozenset()) -> Director:
    """The weights of a run; `left_out` table words unknown to the rules."""
    encoder = load_encoder(out / "text_encoder.safetensors")
    detector, index, vectors = load_detector(out / "text_au.safetensors")
    expclip = load_expclip(out / "expclip_autoencoder.safetensors")
    return Director(encoder, detector, expclip, index=index, vectors=vectors, left_out=left_out)


def held_out_table_words() -> frozenset[str]:
    """Every table phrase that training has not seen."""
    texts = [w.text for w in tables.feeling_words()]
    texts += [e.text for e in (*tables.named_expressions(), *tables.idioms())]
    return frozenset(t for t in texts if held_out(t)) | development_words()


def measure(quadruples: Sequence[Quadruple], out: Path, most: int = 400) -> dict[str, Any]:
    """The measures of the report, each on at most `most` held-out quadruples of a split."""
    director = load_director(out, held_out_table_words())
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
    text_vectors = director.expclip.embed_text(_encoded(director.encoder, chosen))
    with torch.inference_mode():
        poses = director.expclip.encoder(torch.from_numpy(wanted)).numpy()
    shown = np.stack([evaluation.shapes_array(one) for one in found])
    own = np.stack([one.embedding for one in found])
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
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the language part.")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--run", type=Path, default=Path("runs/language"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--wordnet", default="")
    parser.add_argument("--corpus", default="", help="performed corpus for the autoencoder")
    parser.add_argument("--expclip-only", action="store_true", help="keep encoder and detector")
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(args.recipe)
    given = {name: value for name in ("wordnet", "corpus") if (value := getattr(args, name))}
    recipe = Recipe(**{**recipe.__dict__, **given})
    make = train_expclip_only if args.expclip_only else train
    report = make(recipe, Paths(args.run, args.out))
    log.info("%s", json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
