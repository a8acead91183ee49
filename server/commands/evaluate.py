"""`soliloquy evaluate PART`: measure a part against recordings or a corpus and write a report."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
from pathlib import Path

from server.commands.output import say
from server.errors import BadRequest, Unavailable

HELP = "measure a part of Soliloquy against recordings or a corpus and write a report"

PARTS = ("articulation", "cafe_talk")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--data", type=Path, help="recordings (default: SOLILOQUY_DATA)")
    parser.add_argument("--corpus", type=Path, help="performed corpus, for cafe_talk")
    parser.add_argument("--report", "--out", dest="out", type=Path, default=Path("evaluation"))
    parser.add_argument("--weights", type=Path, help="another file than the shipped weights")
    parser.add_argument("--classifier", type=Path, help="judge of emotions; trained when absent")
    parser.add_argument(
        "--ablation", action="append", default=[], metavar="NAME=FILE", help="weights to compare"
    )
    parser.add_argument(
        "--coarse-ablation", action="append", default=[], metavar="NAME=FILE",
        help="weights to compare without strips",
    )  # fmt: skip
    parser.add_argument("--ears-corpus", type=Path, help="leave captured mouths out, with it")
    parser.add_argument("--section", action="append", default=[], help="only this section")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    """Measure and say where the report is."""
    if importlib.util.find_spec("server.evaluation") is None:
        raise Unavailable("The server's wheel cannot evaluate.", "Run this in a checkout.")
    if args.part == "cafe_talk":
        return _cafe_talk(args)
    data = args.data or Path(os.environ.get("SOLILOQUY_DATA", ""))
    if not (data / "facegood").is_dir():
        raise Unavailable(f"There are no recordings in '{data}'.", "Name their folder with --data.")
    from server.evaluation.articulation import report

    report(data, args.out)
    say(f"{args.out / 'articulation.md'}")
    return 0


def _cafe_talk(args: argparse.Namespace) -> int:
    if args.corpus is None:
        raise BadRequest("No corpus was named.", "Name its folder with --corpus.")
    import torch

    from server.evaluation import cafe_talk, emotion_training
    from server.evaluation.cafe_talk_unmasked import unmasked
    from server.evaluation.emotion_classifier import load_classifier
    from server.generators.cafe_talk import create
    from server.training.corpus.reader import CorpusReader

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    corpus = CorpusReader(args.corpus)
    path = args.classifier or args.out / "classifier.safetensors"
    if not path.is_file():
        emotion_training.train_to(corpus, path, emotion_training.Recipe())
    judge, about = load_classifier(path)
    generator = create("cpu", args.weights)
    named = os.environ.get("SOLILOQUY_DATA")
    found = cafe_talk.report(
        cafe_talk.Material(
            corpus=corpus,
            generator=generator,
            judge=judge,
            out=args.out,
            data=args.data or (Path(named) if named else None),
            styles=frozenset(generator.config.styles),
            ablations={
                "w/o masked CFG": unmasked(generator),
                **{name: create("cpu", file) for name, file in map(_ablation, args.ablation)},
            },
            coarse_ablations={
                name: create("cpu", file) for name, file in map(_ablation, args.coarse_ablation)
            },
            ears_corpus=args.ears_corpus,
            about_judge=about,
        ),
        args.section,
    )
    if {"strips", "lips"} <= set(found["sections"]):
        cafe_talk.draw_single_aus(found, args.out)
    say(f"{args.out / 'cafe_talk.md'}")
    return 0


def _ablation(text: str) -> tuple[str, Path]:
    """Read NAME=FILE.

    Raises:
        BadRequest: it is written in another way.
    """
    name, sign, file = text.partition("=")
    if not (name and sign and file):
        raise BadRequest(f"The ablation is '{text}'.", "Write NAME=weights.safetensors.")
    return name, Path(file)
