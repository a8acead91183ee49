"""The corpus builder's command: sentences -> synthetic voices -> shards of features and labels.

    python -m server.training.ears.corpus --out FOLDER --root UNPACKED --group flite_slt [--hours H]
    python -m server.training.ears.corpus --out TESTS --root UNPACKED --group test_awb test_ked \
        --seed 6 --sound --unheard-by FOLDER

The second builds tests: held-out voices whose sound is kept, and whose sentences no training shard
of a folder names.

Speakers vary by resampling (pitch, formants and rate together, +-22 %), rate and pitch; one setting
is kept for a few sentences, so that a training window hears one speaker. Rooms, noise and
microphones are added while training, in the mel domain (`augment`).
"""

from __future__ import annotations

import argparse
import logging
import os
import random
from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from arkit.clip import Phone
from server.speech.recogniser import SAMPLE_RATE
from server.training.ears import voices
from server.training.ears.errors import CorpusError
from server.training.ears.shards import ShardWriter, training_texts
from server.training.ears.synthesis import Espeak, Say, Spoken, festival_say, flite_say
from server.training.ears.texts import draws, letters_of, split_sentences

log = logging.getLogger(__name__)

LARGEST_WARP: Final = 0.22
"""Natural log of the largest resampling ratio."""
_PEAK: Final = 0.5
_RUN: Final = 6
"""Sentences in a row by one speaker setting."""
ESPEAK_GROUPS: Final[dict[str, float]] = {
    "espeak_en": 3.5, "espeak_en2": 6.0, "espeak_other": 7.0, "espeak_de": 2.0, "espeak_de2": 2.0,
}  # fmt: skip
"""Group -> hours."""


def data_folder() -> Path:
    """Return the folder of recordings: SOLILOQUY_DATA, else ../shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    return Path(os.environ.get("SOLILOQUY_DATA", beside))


def resampled(
    samples: NDArray[np.float32], rate: int, warp: float
) -> tuple[NDArray[np.float32], float]:
    """Return samples for 16 kHz, stretched by exp(warp), and the factor that times grow by."""
    ratio = Fraction(SAMPLE_RATE / rate * float(np.exp(warp))).limit_denominator(160)
    longer = resample_poly(samples, ratio.numerator, ratio.denominator)
    return longer.astype(np.float32), float(ratio) * rate / SAMPLE_RATE


def add_spoken(writer: ShardWriter, spoken: Spoken, warp: float, voice: str, text: str) -> None:
    """Resample, level and add what a voice said."""
    samples, stretch = resampled(spoken.samples, spoken.sample_rate, warp)
    samples *= _PEAK / max(float(np.abs(samples).max()), 1e-6)
    phones = tuple(Phone(p.phone, p.start * stretch, p.end * stretch) for p in spoken.phones)
    writer.add(samples, phones, spoken.stressed, voice, text)


def espeak_spoken(
    group: str, rng: random.Random, root: Path, without: Collection[str] = frozenset()
) -> Iterator[tuple[Spoken, str, str]]:
    """Yield (spoken, voice, text) of an espeak-ng group without end.

    `without`: letters of the sentences to leave out.
    """
    espeak = Espeak()
    is_test = group.startswith("test_")
    variants = voices.HELD_OUT_VARIANTS if is_test else voices.TRAINING_VARIANTS
    texts: dict[str, Iterator[str]] = {}
    while True:
        accent, language = _accent(group, rng)
        if language not in texts:
            found = split_sentences(language, root, data_folder(), test=is_test, without=without)
            texts[language] = draws(found, rng, once=is_test)
        voice = f"{accent}+{rng.choice(variants)}"
        rate, pitch, width = rng.uniform(0.7, 1.5), rng.uniform(0.4, 1.7), rng.randint(20, 90)
        for _ in range(_RUN):
            text = next(texts[language])
            spoken = espeak.say(voice, Say(text, rate, pitch), width)
            if spoken is not None and len(spoken.samples) > spoken.sample_rate // 2:
                yield spoken, voice, text


def _accent(group: str, rng: random.Random) -> tuple[str, str]:
    if group in {"espeak_en", "espeak_en2", "test_espeak_en"}:
        return rng.choice(voices.ENGLISH_ACCENTS), "en"
    if group in {"espeak_de", "espeak_de2"}:
        return "de", "de"
    if group == "espeak_other":
        return rng.choice(voices.OTHER_LANGUAGES)
    language = group.removeprefix("test_espeak_")
    return voices.TEST_LANGUAGES[language], language


def human_spoken(
    voice: voices.HumanVoice,
    rng: random.Random,
    root: Path,
    without: Collection[str] = frozenset(),
) -> Iterator[tuple[Spoken, str, str]]:
    """Yield (spoken, voice, text) of a flite or festival voice without end.

    `without`: letters of the sentences to leave out.
    """
    language = voice.text_language or voice.language
    found = split_sentences(language, root, data_folder(), test=voice.test, without=without)
    texts = draws(found, rng, once=voice.test)
    # festival takes long to start, so one manner of a training voice serves many sentences.
    run = 8 * _RUN if voice.engine == "festival" and not voice.test else _RUN
    while True:
        rate, pitch = rng.uniform(0.78, 1.3), rng.uniform(0.75, 1.35)
        picked = [Say(next(texts), rate, pitch) for _ in range(run)]
        if voice.engine == "flite":
            for say in picked:
                spoken = flite_say(voice.voice, say, voice.pitch_hz)
                if spoken is not None:
                    yield spoken, voice.voice, say.text
        else:
            said = festival_say(voice.voice, voice.language, voice.encoding, picked)
            for say, spoken in said:
                yield spoken, voice.voice, say.text


def build(
    group: str,
    out: Path,
    root: Path,
    hours: float | None,
    seed: int,
    *,
    keep_sound: bool = False,
    unheard_by: Path | None = None,
) -> float:
    """Build one shard and return its hours.

    Args:
        group: one of `all_groups`. out: folder of the shards. root: where packages are unpacked.
        hours: of sound, None for the group's own. seed: of voices, sentences and manners.
        keep_sound: whether the shard keeps its samples.
        unheard_by: folder of training shards, whose sentences a test leaves out.

    Raises:
        CorpusError: the group is unknown, or its voice or text is not installed.
    """
    rng = random.Random(f"{group}-{seed}")
    is_test = group.startswith("test_")
    known = {v.group: v for v in voices.HUMAN_VOICES}
    heard = training_texts(unheard_by) if is_test and unheard_by else set[str]()
    without = {letters_of(text) for text in heard}
    if group in known:
        source = human_spoken(known[group], rng, root, without)
        wanted = hours or known[group].hours
        licence = known[group].licence
    elif group in ESPEAK_GROUPS or group.startswith("test_espeak_"):
        source = espeak_spoken(group, rng, root, without)
        wanted, licence = hours or ESPEAK_GROUPS.get(group, 0.2), "GPL-3+ (program)"
    else:
        raise CorpusError(f"no group '{group}'; known: {', '.join(all_groups())}")
    about = {"group": group, "seed": seed, "licence": licence}
    writer = ShardWriter(out, group, about, keep_sound=keep_sound)
    warp = 0.0
    for i, (spoken, voice, text) in enumerate(source):
        if i % _RUN == 0 and not is_test:
            warp = rng.uniform(-LARGEST_WARP, LARGEST_WARP)
        add_spoken(writer, spoken, warp, voice, text)
        if writer.n_frames >= wanted * 360_000:
            break
    writer.close()
    return writer.n_frames / 360_000


def all_groups() -> list[str]:
    """Return the names of every synthetic shard."""
    tests = [f"test_espeak_{language}" for language in ("en", *voices.TEST_LANGUAGES)]
    return [*ESPEAK_GROUPS, *(v.group for v in voices.HUMAN_VOICES), *tests]


def main() -> None:
    """Build the shards that are asked for, or all that are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--group", nargs="*", help="shards to build; default: all")
    parser.add_argument("--hours", type=float, help="hours for each, instead of its own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sound", action="store_true", help="keep the sound beside the features")
    parser.add_argument(
        "--unheard-by", type=Path, metavar="FOLDER",
        help="of training shards: tests leave out the sentences that these name",
    )  # fmt: skip
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for group in options.group or all_groups():
        if (options.out / f"{group}.json").exists():
            log.info("%s is there", group)
            continue
        hours = build(
            group, options.out, options.root, options.hours, options.seed,
            keep_sound=options.sound, unheard_by=options.unheard_by,
        )  # fmt: skip
        log.info("%s: %.2f h", group, hours)


if __name__ == "__main__":
    main()
