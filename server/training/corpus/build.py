"""The command that makes a performed corpus.

    python -m server.training.corpus.build corpus --hours 10 --out FOLDER [--jobs 2]

RECIPE is a file, or the name of one in `server/training/recipes`. A part that is there already and
was made by the same recipe and code is kept, so a build can be stopped and started, or grown.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any, Final

from server.training.ears.corpus import data_folder

from .acting import expression_triplets
from .errors import PerformedCorpusError, ShardError
from .facegood import RealPiece, real_pieces
from .feelings import families
from .performing import Programme, perform
from .programmes import manner_for, programme_for, stream
from .recipe import CorpusRecipe
from .scenes import Scene, Stage, plan_scene, sentence_id
from .shards import FORMAT, PartWriter, read_index
from .voicing import Voiced, voice_scene

log = logging.getLogger(__name__)

REAL_PART: Final = "facegood"
_PHONE_PLACES: Final = 4  # decimals of seconds


@dataclass(frozen=True)
class Job:
    """One part to make."""

    number: int
    stage: Stage
    languages: dict[str, float]
    out: Path
    fingerprint: str

    @property
    def name(self) -> str:
        return f"p{self.number:04d}"


def find_recipe(text: str) -> CorpusRecipe:
    """Return the recipe of a path, or of a name in `server/training/recipes`."""
    path = Path(text)
    if not path.exists():
        path = Path(str(resources.files("server.training"))) / "recipes" / f"{text}.toml"
    return CorpusRecipe.read(path)


def build_part(job: Job) -> float:
    """Make one part unless it is there, and return its seconds of motion."""
    kept = _seconds_there(job.out, job.name, job.fingerprint)
    if kept is not None:
        return kept
    recipe = job.stage.recipe
    writer = PartWriter(job.out, job.name, job.fingerprint, fps=recipe.fps)
    first = job.number * recipe.utterances_per_part
    for number in range(first, first + recipe.utterances_per_part):
        scene = plan_scene(number, job.stage, job.languages)
        voiced = voice_scene(scene, manner_for(scene), stream(recipe.seed, number, "voice"))
        if voiced is None:
            continue
        programme = programme_for(scene, voiced.line, recipe.seed)
        performance = perform(programme, recipe.fps)
        writer.add(
            performance, voiced.samples, voiced.line.loudness, labels(scene, voiced, programme),
            store_audio=recipe.store_audio,
        )  # fmt: skip
    return writer.close()


def _seconds_there(out: Path, name: str, fingerprint: str) -> float | None:
    try:
        index = read_index(out, name)
    except ShardError:
        return None
    if index["fingerprint"] != fingerprint:
        return None
    return index["frames"] / index["fps"]


def labels(scene: Scene, voiced: Voiced, programme: Programme) -> dict[str, Any]:
    """Return all that is known of an utterance, as plain values."""
    line = voiced.line
    return {
        "id": f"u{scene.number:06d}",
        "kind": "performed",
        "scene": scene.to_json(),
        "blend": blend_of(scene),
        "text": voiced.text,
        "sentence": sentence_id(voiced.text) if voiced.text else "",
        "seconds": line.seconds,
        "phones": [[p.phone, p.start, p.end] for p in line.phones],
        "stressed": list(line.stressed),
        "contacts": [
            [c.kind, round(c.start, _PHONE_PLACES), round(c.end, _PHONE_PLACES)]
            for c in programme.contacts
        ],
        "strips": [
            {
                "au": s.au, "start": s.start, "end": s.end, "keys": s.keys, "mode": s.mode,
                "ease_in": s.ease_in, "ease_out": s.ease_out,
            }
            for s in programme.strips
        ],
        "expression_aus": expression_triplets(programme.acting, line),
        "valid": None,
    }  # fmt: skip


def blend_of(scene: Scene) -> dict[str, float]:
    """Return emotion -> share; shares of one emotion count once, at the larger."""
    table = families()
    blend: dict[str, float] = {}
    for name, share in scene.families:
        emotion = table[name].emotion
        blend[emotion] = max(blend.get(emotion, 0.0), share)
    return blend


def real_labels(piece: RealPiece) -> dict[str, Any]:
    """Return the labels of a captured piece; its speaker is an actor of its own."""
    return {
        "id": f"facegood-{piece.name}",
        "kind": "real",
        "scene": None,
        "split": piece.split,
        "text": "",
        "sentence": piece.name,
        "seconds": len(piece.samples) / 16000,
        "phones": [],
        "stressed": [],
        "contacts": [[c.kind, round(c.start, 4), round(c.end, 4)]
                     for c in piece.performance.contacts],
        "strips": [],
        "expression_aus": [],
        "valid": list(piece.valid),
    }  # fmt: skip


def build_real_part(out: Path, recipe: CorpusRecipe, data: Path, fingerprint: str) -> float:
    """Make the part of captured mouths unless it is there, and return its seconds."""
    kept = _seconds_there(out, REAL_PART, fingerprint)
    if kept is not None:
        return kept
    writer = PartWriter(out, REAL_PART, fingerprint, fps=recipe.fps)
    for piece in real_pieces(data / "facegood", recipe.fps):
        writer.add(
            piece.performance, piece.samples, piece.loudness, real_labels(piece),
            store_audio=recipe.store_audio,
        )  # fmt: skip
    return writer.close()


def build(
    recipe: CorpusRecipe, hours: float, out: Path, *, root: Path, data: Path, jobs: int = 1
) -> float:
    """Make a corpus and return its hours of performed motion.

    Parts follow each other until `hours` are reached; the number of processes changes nothing.

    Raises:
        PerformedCorpusError: texts, voices or recordings are missing.
    """
    stage = Stage(recipe, root, data)
    languages = stage.languages()
    missing = sorted(set(recipe.languages) - set(languages))
    if missing:
        log.warning("no texts in %s: left out; see --root", ", ".join(missing))
    fingerprint = f"{recipe.fingerprint()}-{'-'.join(sorted(languages))}"
    parts: list[str] = []
    if recipe.real_mouths:
        build_real_part(out, recipe, data, fingerprint)
        parts.append(REAL_PART)
    every = (Job(i, stage, languages, out, fingerprint) for i in count())
    seconds, began = 0.0, time.monotonic()
    for number, length in enumerate(_made(every, jobs)):
        seconds += length
        parts.append(f"p{number:04d}")
        log.info("%.2f of %.2f h, %.0f s", seconds / 3600, hours, time.monotonic() - began)
        _write_index(out, recipe, fingerprint, parts)
        if seconds >= hours * 3600:
            break
    return seconds / 3600


def _made(jobs_to_do: Iterable[Job], processes: int) -> Iterator[float]:
    """Yield the seconds of each part in order.

    Each part is made in a process of its own: espeak-ng's synthesiser carries noise and phases
    from one utterance to the next, so a part must not depend on what was spoken before it. Forked
    children share the texts that were read already.
    """
    waiting = iter(jobs_to_do)
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        running = [pool.apply_async(build_part, (next(waiting),)) for _ in range(processes)]
        while True:
            yield running.pop(0).get()
            running.append(pool.apply_async(build_part, (next(waiting),)))


def _write_index(out: Path, recipe: CorpusRecipe, fingerprint: str, parts: list[str]) -> None:
    index = {
        "format": FORMAT, "name": recipe.name, "seed": recipe.seed, "fps": recipe.fps,
        "fingerprint": fingerprint, "parts": parts,
    }  # fmt: skip
    temporary = out / "corpus.json.partial"
    temporary.write_text(json.dumps(index, indent=1), encoding="utf-8")
    temporary.replace(out / "corpus.json")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 done, 1 failed."""
    parser = argparse.ArgumentParser(description="Make a performed corpus.")
    parser.add_argument("recipe", help="file, or name in server/training/recipes")
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--hours", type=float, help="hours of motion; default: the recipe's")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where texts are unpacked")
    parser.add_argument("--data", type=Path, default=data_folder(), help="recordings and tables")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        recipe = find_recipe(options.recipe)
        hours = build(
            recipe, options.hours or recipe.hours, options.out, root=options.root,
            data=options.data, jobs=options.jobs,
        )  # fmt: skip
    except PerformedCorpusError as error:
        log.error("%s", error)
        return 1
    log.info("%.2f h in %s", hours, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
