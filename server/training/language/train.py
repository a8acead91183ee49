"""Train the whole language part from one recipe: distil, tune, ExpCLIP, measure, write weights.

    python -m server.training.language.train RECIPE.toml [--run FOLDER] [--out FOLDER]
        [--corpus FOLDER] [--expclip-only | --projector-only | --lexicon-only |
        --stories-only | --index-only]

With `--expclip-only` the shipped encoder and detector stay as they are, and ExpCLIP's autoencoder
and projector are trained on them. With `--projector-only` only the text projector is trained again,
on texts of the tables as they are, and the autoencoder keeps its weights. With `--lexicon-only` the
lexicon of words beyond the tables is built again, with `--stories-only` the reader of told
situations is trained again. With `--index-only` nothing is trained: the names and situations that
the detector's file holds are written again, after the tables grew. `--corpus` names a performed
corpus whose frames the autoencoder learns to rebuild beside TEAD's faces.

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
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from server.language import tables
from server.language.detector import StoryReader, TextAuDetector
from server.language.detector_file import load_detector, read_note, save_detector
from server.language.encoder import (
    BuiltinTextEncoder,
    EncoderConfig,
    EncoderNetwork,
    load_encoder,
    save_encoder,
)
from server.language.expclip import ExpClip, load_expclip, save_expclip
from server.language.express import WEIGHTS
from server.language.lexicon import Lexicon

from . import corpora, distil, lexicon, stories, tune
from .detector_loss import examples_of
from .measuring import encoded, known_texts, measure, measure_autoencoder
from .plain import plain_texts, train_moving
from .projector import train_projector
from .recipe import Recipe, read_recipe
from .sources import cause_texts, compose, development_words, nothing_texts, relatives
from .teacher import Teacher
from .tead import Quadruple
from .wording import held_out

log = logging.getLogger(__name__)

_TrainPart = Callable[[Recipe, BuiltinTextEncoder, TextAuDetector], float]
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
    examples = examples_of([*training, *extra])
    detector = tune.tune(encoder, examples, banks, recipe.tune, paths.run, report=log.info)
    _train_stories(recipe, encoder, detector)
    _train_moving(recipe, encoder, detector)
    expclip = _expclip(recipe, paths, encoder, training)
    minutes = (time.monotonic() - started) / 60
    note = _note(recipe, minutes)
    _save(encoder, detector, expclip, paths.out, note, words=_lexicon(recipe, paths))
    report = measure(quadruples, paths.out / "text_encoder.safetensors", paths.out)
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


def train_projector_only(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Train P again on the shipped encoder and autoencoder; returns the measures."""
    torch.set_num_threads(recipe.threads)
    paths.run.mkdir(parents=True, exist_ok=True)
    paths.out.mkdir(parents=True, exist_ok=True)
    quadruples = compose(recipe)
    training = [q for q in quadruples if q.split == "train"]
    causes = tune.family_examples(cause_texts(recipe.seed), explicit=False)
    texts = [*training, *_situation_texts(training), *causes]
    path = WEIGHTS / "expclip_autoencoder.safetensors"
    expclip = load_expclip(path)
    train_projector(
        expclip, encoded(load_encoder(WEIGHTS / "text_encoder.safetensors"), texts),
        tune.pose_matrix(texts), recipe.projector, paths.run, report=log.info,
    )  # fmt: skip
    save_expclip(expclip, paths.out / path.name, {**read_note(path), "projector": "trained again"})
    return {"texts": len(texts), "steps": recipe.projector.steps}


def write_index(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Write the detector's file again with the names and situations that the tables have now."""
    torch.set_num_threads(recipe.threads)
    encoder = load_encoder(WEIGHTS / "text_encoder.safetensors")
    path = WEIGHTS / "text_au.safetensors"
    detector, stored = load_detector(path)
    known = known_texts(encoder, stored.lexicon)
    save_detector(detector, known, paths.out / path.name, read_note(path))
    return {"names": len(known.names), "situations": len(known.families)}


def write_lexicon(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Build the lexicon of feeling words beyond the tables, and write it into the detector's file,
    with the names and situations that the tables have now."""
    torch.set_num_threads(recipe.threads)
    paths.out.mkdir(parents=True, exist_ok=True)
    path = WEIGHTS / "text_au.safetensors"
    detector, _ = load_detector(path)
    known = known_texts(load_encoder(WEIGHTS / "text_encoder.safetensors"), _lexicon(recipe, paths))
    save_detector(detector, known, paths.out / path.name, read_note(path))
    return {"words": len(known.lexicon.words), "situations": len(known.families)}


def train_stories_only(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Train the reader of told situations again, on the shipped encoder; all else stays."""
    return _anew(_train_stories, recipe, paths)


def train_plain_only(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Train the head that tells plain sentences from what moves a person; all else stays."""
    return _anew(_train_moving, recipe, paths)


def _anew(train_part: _TrainPart, recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """Write the detector's file with one part trained again and the index as the tables stand."""
    torch.set_num_threads(recipe.threads)
    paths.out.mkdir(parents=True, exist_ok=True)
    encoder = load_encoder(WEIGHTS / "text_encoder.safetensors")
    path = WEIGHTS / "text_au.safetensors"
    detector, stored = load_detector(path)
    loss = train_part(recipe, encoder, detector)
    known = known_texts(encoder, stored.lexicon)
    save_detector(detector, known, paths.out / path.name, read_note(path))
    return {"loss": loss}


def _train_stories(recipe: Recipe, encoder: BuiltinTextEncoder, detector: TextAuDetector) -> float:
    causes = cause_texts(recipe.stories.seed)
    some = random.Random(recipe.stories.seed).sample(
        causes, min(len(causes), recipe.stories.causes)
    )
    texts = [*stories.story_texts(recipe.stories), *some]
    torch.manual_seed(recipe.stories.seed)
    detector.stories = StoryReader(encoder.width, len(tables.families()))
    given = encoded(encoder, [text for text, _ in texts])
    return stories.train_stories(
        detector.stories, given, [family for _, family in texts], recipe.stories
    )


def _train_moving(recipe: Recipe, encoder: BuiltinTextEncoder, detector: TextAuDetector) -> float:
    glosses = nothing_texts(corpora.wordnet_senses(Path(recipe.wordnet)))
    texts = plain_texts([text for text, _ in glosses], recipe.plain)
    given = encoded(encoder, [text.text for text in texts])
    return train_moving(detector.moving, given, texts, recipe.plain)


def _lexicon(recipe: Recipe, paths: Paths) -> Lexicon:
    teacher = Teacher(paths.run / "teacher")
    return lexicon.build(Path(recipe.wordnet), teacher.encode, development_words())


def _expclip(
    recipe: Recipe, paths: Paths, encoder: BuiltinTextEncoder, training: Sequence[Quadruple]
) -> ExpClip:
    texts = _expclip_texts(recipe, training)
    unpaired = tune.random_poses(_POSES, recipe.seed)
    if recipe.corpus:
        frames = tune.corpus_poses(Path(recipe.corpus), "train", 2 * _POSES, recipe.seed)
        unpaired = np.concatenate([unpaired, frames])
    torch.manual_seed(recipe.seed)
    expclip = ExpClip()
    tune.train_expclip(
        expclip, encoded(encoder, texts), tune.pose_matrix(texts), recipe.expclip, paths.run,
        unpaired=unpaired, report=log.info,
    )  # fmt: skip
    return expclip


def _distilled(
    recipe: Recipe, paths: Paths
) -> tuple[BuiltinTextEncoder, list[distil.Bank], list[Quadruple]]:
    """The distilled encoder, the teacher's texts, and the dictionary's examples."""
    config = EncoderConfig()
    kept = distil.load_banks(paths.run)
    if kept is None:
        teacher = Teacher(paths.run / "teacher")
        kept = distil.make_banks(teacher, Path(recipe.wordnet), config, recipe.distil)
        distil.save_banks(paths.run, *kept)
    vocabulary, _, banks = kept
    extra = _dictionary(recipe, paths)
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


def _dictionary(recipe: Recipe, paths: Paths) -> list[Quadruple]:
    """Dictionary relatives, texts that mean no face, and causes."""
    senses = corpora.wordnet_senses(Path(recipe.wordnet))
    return [
        *tune.family_examples(relatives(senses, Teacher(paths.run / "teacher")), explicit=True),
        *tune.family_examples(nothing_texts(senses), explicit=False),
        *tune.family_examples(cause_texts(recipe.seed), explicit=False),
    ]


def _expclip_texts(recipe: Recipe, training: Sequence[Quadruple]) -> list[Quadruple]:
    texts = [*training, *_situation_texts(training)]
    return random.Random(recipe.seed).sample(texts, min(len(texts), recipe.expclip.texts))


def _situation_texts(training: Sequence[Quadruple]) -> list[Quadruple]:
    """The paper's e and s as texts: tags at plain strength, and plain situations."""
    pairs = tune.tag_texts(training)
    plain = [
        (s.text, s.family) for s in tables.situations()
        if not held_out(s.text) and s.family != "neutral"
    ]  # fmt: skip
    return [*tune.family_examples(pairs, True), *tune.family_examples(plain * 3, False)]


def _note(recipe: Recipe, minutes: float) -> dict[str, str]:
    return {
        "recipe": "server/training/recipes/language.toml",
        "seed": str(recipe.seed),
        "steps": f"{recipe.distil.steps} + {recipe.tune.steps} + {recipe.expclip.steps}",
        "minutes": f"{minutes:.0f}",
        "machine": f"{platform.machine()}, {recipe.threads} thread",
    }


def _save(
    encoder: BuiltinTextEncoder, detector: TextAuDetector, expclip: ExpClip, out: Path,
    note: dict[str, str], *, words: Lexicon,
) -> None:  # fmt: skip
    save_encoder(encoder, out / "text_encoder.safetensors", note)
    shipped = load_encoder(out / "text_encoder.safetensors")
    save_detector(detector, known_texts(shipped, words), out / "text_au.safetensors", note)
    save_expclip(expclip, out / "expclip_autoencoder.safetensors", note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the language part.")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--run", type=Path, default=Path("runs/language"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--wordnet", default="")
    parser.add_argument("--corpus", default="", help="performed corpus for the autoencoder")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--expclip-only", action="store_true", help="keep encoder and detector")
    kept.add_argument("--projector-only", action="store_true", help="train P alone")
    kept.add_argument("--lexicon-only", action="store_true", help="build the lexicon again")
    kept.add_argument("--stories-only", action="store_true", help="train the story reader alone")
    kept.add_argument("--plain-only", action="store_true", help="train the plain texts' head alone")
    kept.add_argument("--index-only", action="store_true", help="write known texts again")
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(args.recipe)
    given = {name: value for name in ("wordnet", "corpus") if (value := getattr(args, name))}
    recipe = Recipe(**{**recipe.__dict__, **given})
    make: Callable[[Recipe, Paths], dict[str, Any]] = train
    if args.expclip_only:
        make = train_expclip_only
    elif args.projector_only:
        make = train_projector_only
    elif args.lexicon_only:
        make = write_lexicon
    elif args.stories_only:
        make = train_stories_only
    elif args.plain_only:
        make = train_plain_only
    elif args.index_only:
        make = write_index
    report = make(recipe, Paths(args.run, args.out))
    log.info("%s", json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
