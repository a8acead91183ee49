"""How well the ears hear: held-out voices, hand labels, a speaker who is not in training.

    python -m server.evaluation.ears --corpus SHARDS --root UNPACKED [--sphinx] --out REPORT
    python -m server.evaluation.ears --corpus SHARDS --told --guess-words --out REPORT

The second hears as users' lines without transcript are heard. The lists of lines are fixed in
`ears_tests.toml`. What is absent on this machine is left out and named in the report.
"""

from __future__ import annotations

import argparse
import json
import logging
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly

from arkit.clip import Phone
from server.evaluation.ears_metrics import Counts, Figure, fall, score, summary
from server.speech import words
from server.speech.alignment import runs
from server.speech.decoding import decode
from server.speech.ears_recogniser import EarsRecogniser, hear_mel
from server.speech.ears_weights import DEFAULT_WEIGHTS
from server.speech.listen import recognise_line
from server.speech.notations import NotationError, read_emodb, read_textgrid
from server.speech.phones import PHONE_INDEX, PHONES, SILENCE
from server.speech.recogniser import FEATURE_RATE, SAMPLE_RATE, Recogniser, loudness_db
from server.training.ears.corpus import data_folder
from server.training.ears.dataset import language_of
from server.training.ears.realign import Pronouncer
from server.training.ears.recordings import prompt_lines, read_audio
from server.training.ears.research import HELD_OUT_TEXTS
from server.training.ears.shards import UNKNOWN, read_shard

log = logging.getLogger(__name__)

SETS: Final = ("synthetic", "emodb", "aligned_english", "allison", "pocketsphinx")
"""What can be measured; "pocketsphinx" measures it on the recorded sets for comparison."""
TESTS: Final = Path(__file__).with_name("ears_tests.toml")
_LOUD_DB, _QUIET_DB = -35.0, -50.0
"""Below the loud parts of a line: speech is hardly ever under, and silence over, these."""
_LONGEST_CLOSURE = 15
"""Frames of quiet that one stop may hold."""
Samples = NDArray[np.float32]
Hears = Callable[[Samples, str, str], tuple[Phone, ...]]
"""(samples, transcript or "", language) -> phones."""


@dataclass(frozen=True)
class Line:
    """A test line with what was truly said."""

    name: str
    samples: Samples
    true: tuple[Phone, ...]
    text: str
    language: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Bar:
    """What a figure has to reach. `most` for figures that must stay small."""

    test: str
    figure: str
    least: float | None = None
    most: float | None = None

    def met(self, figures: dict[str, Figure]) -> bool | None:
        """Whether it is met; None when it was not measured."""
        if self.figure not in figures:
            return None
        value = figures[self.figure].value
        return value >= self.least if self.least is not None else abs(value) <= (self.most or 0)


def lists() -> dict[str, Any]:
    """Return the fixed lists and the bars."""
    return tomllib.loads(TESTS.read_text(encoding="utf-8"))


def bars() -> list[Bar]:
    """Return the bars in the order of the list."""
    return [Bar(**b) for b in lists()["bars"]]


def emodb_lines() -> Iterator[Line]:
    """Yield the hand-labelled German lines of the held-out speakers."""
    listed = lists()["emodb"]
    for path in sorted((data_folder() / "emodb").glob("*.flac")):
        if path.stem[:2] in listed["speakers"]:
            try:
                true = read_emodb(path.with_suffix(".lablaut"))
            except NotationError as error:  # a few label files of the database are empty
                log.info("left out: %s", error)
                continue
            text = listed["texts"][path.stem[2:5]]
            yield Line(path.stem, read_audio(path), true, text, "de")


def english_lines() -> Iterator[Line]:
    """Yield the aligned English recordings."""
    for name in lists()["aligned_english"]["names"]:
        path = data_folder() / "aligned_english" / f"{name}.flac"
        text = path.with_suffix(".lab").read_text(encoding="utf-8")
        true = read_textgrid(path.with_suffix(".TextGrid"))
        yield Line(name, read_audio(path), true, text, "en")


def prompts(root: Path, reference: Recogniser) -> Iterator[Line]:
    """Yield the prompts of the speaker who is not in training; truth is another aligner's."""
    wanted = set(lists()["allison"]["prompts"])
    for line in prompt_lines("en_allison", root):
        key = f"{line.path.parent.name}/{line.path.stem}"
        if key not in wanted:
            continue
        samples = read_audio(line.path)
        aligned = reference.recognise(samples, line.text)
        if any("not used" in note for note in aligned.notes):
            log.info("the reference aligner failed on %s", key)
            continue
        yield Line(key, samples, aligned.phones, line.text, "en")


def with_true_silence(line: Line) -> Line:
    """Return a line whose reference calls silent what is quiet, and nothing that is loud.

    A quarter of the frames that pocketsphinx's alignments call silence are within 40 dB of the loud
    ones, and some digital silence is inside its words. Frames whose label says silence and whose
    level is above `_LOUD_DB` get no label (a breath, or speech that the aligner lost); runs below
    `_QUIET_DB` become silence.
    """
    loudness = loudness_db(line.samples)
    relative = loudness - np.percentile(loudness, 97)
    labels = np.full(len(loudness), -1)
    for p in line.true:
        first, last = (int(np.ceil(t * FEATURE_RATE - 1e-6)) for t in (p.start, p.end))
        labels[first:last] = PHONE_INDEX[p.phone]
    labels[(labels == PHONE_INDEX[SILENCE]) & (relative > _LOUD_DB)] = -1
    for first, last in runs(relative < _QUIET_DB):
        if relative[first] < _QUIET_DB and last - first >= _LONGEST_CLOSURE:
            labels[first:last] = PHONE_INDEX[SILENCE]
    # Known runs only; a phone stays one phone wherever its own frames are in a row.
    true = tuple(
        Phone(PHONES[labels[a]], a / FEATURE_RATE, b / FEATURE_RATE)
        for a, b in runs(labels)
        if labels[a] >= 0
    )
    return _with_truth(line, true)


def noisy(samples: Samples, snr_db: float, seed: int) -> Samples:
    """Return samples with pink noise at a ratio to their mean power."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1.0), len(samples))
    pink *= np.sqrt(np.mean(samples**2) / np.mean(pink**2) * 10 ** (-snr_db / 10))
    return (samples + pink).astype(np.float32)


def telephone(samples: Samples) -> Samples:
    """Return samples that went through 8 kHz."""
    return np.asarray(resample_poly(resample_poly(samples, 1, 2), 2, 1), np.float32)


def counted(lines: Sequence[Line], hears: Hears, with_text: bool = False) -> list[Counts]:
    """Return the counts of a recogniser on a set, stretch by stretch."""
    counts: list[Counts] = []
    for line in lines:
        phones = hears(line.samples, line.text if with_text else "", line.language)
        counts += score(phones, line.true, line.seconds, 0.03 if with_text else 0.04)
    return counts


def measure(lines: Sequence[Line], hears: Hears, with_text: bool = False) -> dict[str, Figure]:
    """Return the figures of a recogniser on a set."""
    return summary(counted(lines, hears, with_text))


def measure_shard(
    ears: EarsRecogniser, folder: Path, name: str, *, told: bool = False, guess_words: bool = False
) -> dict[str, Figure]:
    """Return the figures on a held-out synthetic shard, whose times are exact.

    Its sound is heard like a recording. A shard without is heard by its features: the decoder
    misses the loudness then, and no words are guessed.
    """
    shard = read_shard(folder, name)
    hears = ears_hear(ears, told=told, guess_words=guess_words)
    counts: list[Counts] = []
    for u in shard.utterances:
        at = slice(u["start"], u["start"] + u["n"])
        language = language_of(name, u["voice"])
        samples = shard.samples(u)
        if samples is None:
            mel = np.asarray(shard.mel[at], np.float32)
            heard = decode(hear_mel(ears.model, mel, language if told else "").posteriors)
        else:
            heard = hears(samples, "", language)
        labels = np.asarray(shard.phone[at])
        true = tuple(
            Phone(PHONES[labels[a]], a / FEATURE_RATE, b / FEATURE_RATE)
            for a, b in runs(labels)
            if labels[a] != UNKNOWN
        )
        counts += score(heard, true, u["n"] / FEATURE_RATE)
    return summary(counts)


def ears_hear(ears: EarsRecogniser, *, told: bool = False, guess_words: bool = False) -> Hears:
    """Return the ears as a plain function; a transcript is aligned, in any language.

    Args:
        told: whether the ears learn the language of a line without transcript.
        guess_words: whether the words of English lines without transcript are guessed; that takes
            the language, so it is told then.
    """
    pronouncer = Pronouncer()

    def hears(samples: Samples, text: str, language: str) -> tuple[Phone, ...]:
        if not text and guess_words:
            return recognise_line(samples, "", language, ears, guess_words=True).phones
        if not text:
            return ears.recognise(samples, None, language if told else "").phones
        return ears.align_words(samples, pronouncer.words(text, language), language).phones

    return hears


def recogniser_hears(recogniser: Recogniser) -> Hears:
    """Return any recogniser as a plain function."""
    return lambda samples, text, language: (
        recogniser.recognise(samples, text or None, language).phones
    )


def mismatch(lines: Sequence[Line], ears: EarsRecogniser) -> dict[str, float]:
    """Return how often a wrong transcript is noticed, and a right one wrongly doubted."""
    pronouncer = Pronouncer()
    doubted = noticed = 0
    for line, other in zip(lines, [*lines[1:], *lines[:1]], strict=True):
        right = ears.align_words(
            line.samples, pronouncer.words(line.text, line.language), line.language
        )
        doubted += right.mismatches
        if other.text == line.text:
            noticed += 1
            continue
        wrong = ears.align_words(
            line.samples, pronouncer.words(other.text, line.language), line.language
        )
        noticed += wrong.mismatches
    return {"wrong noticed": noticed / len(lines), "right doubted": doubted / len(lines)}


def evaluate(
    ears: EarsRecogniser,
    corpus: Path,
    root: Path,
    sphinx: Recogniser | None,
    wanted: Sequence[str],
    *,
    told: bool = False,
    guess_words: bool = False,
) -> dict[str, dict[str, Figure]]:
    """Measure the sets that are wanted, as `ears_hear` hears; set name -> figures."""
    results: dict[str, dict[str, Figure]] = {}
    for name in lists()["synthetic"]["shards"] if "synthetic" in wanted else ():
        results[name] = measure_shard(ears, corpus, name, told=told, guess_words=guess_words)
        log.info("%s %s", name, _short(results[name]))
    sources: dict[str, Callable[[], Iterator[Line]]] = {
        "emodb": emodb_lines,
        "aligned_english": english_lines,
    }
    if sphinx is not None:
        sources["allison"] = partial(prompts, root, sphinx)
    hears = ears_hear(ears, told=told, guess_words=guess_words)
    for name, source in sources.items():
        if name not in wanted:
            continue
        lines = list(source())
        clean = counted(lines, hears)
        results[name] = summary(clean)
        results[f"{name}, with text"] = measure(lines, hears, with_text=True)
        for change, altered in (
            ("10 dB", [_with(x, noisy(x.samples, 10, i)) for i, x in enumerate(lines)]),
            ("8 kHz", [_with(x, telephone(x.samples)) for x in lines]),
        ):
            harder = counted(altered, hears)
            results[f"{name}, {change}"] = summary(harder)
            key = "bilabial recall"
            results[f"{name}, {change}, fall"] = {key: fall(clean, harder, key)}
        if name == "emodb":  # sentences that research weights have not learned by heart
            new = [x for x in lines if x.name[2:5] in HELD_OUT_TEXTS]
            results["emodb, sentences held out"] = measure(new, hears)
        if name == "allison":  # the second aligner; it shares the posteriors, so it flatters us
            results["allison, silence by level"] = measure(
                [with_true_silence(x) for x in lines], hears
            )
            own = [_with_truth(x, hears(x.samples, x.text, x.language)) for x in lines]
            results["allison, own alignment"] = measure(own, hears)
            if sphinx is not None and "pocketsphinx" in wanted:
                against = measure(own, recogniser_hears(sphinx))
                results["allison, own alignment, pocketsphinx"] = against
        if sphinx is not None and "pocketsphinx" in wanted:
            results[f"{name}, pocketsphinx"] = measure(lines, recogniser_hears(sphinx))
        for key in (k for k in results if k.startswith(name)):
            log.info("%s %s", key, _short(results[key]))
    return results


def _with(line: Line, samples: Samples) -> Line:
    return Line(line.name, samples, line.true, line.text, line.language)


def _with_truth(line: Line, true: tuple[Phone, ...]) -> Line:
    return Line(line.name, line.samples, true, line.text, line.language)


def _short(figures: dict[str, Figure]) -> str:
    return "  ".join(f"{k} {f.value:.3f} [{f.low:.3f} {f.high:.3f}]" for k, f in figures.items())


def report(results: dict[str, dict[str, Figure]]) -> str:
    """Return the bars and all figures as Markdown."""
    rows = ["| set | figure | bar | measured (95 %) | met |", "|---|---|---|---|---|"]
    for bar in bars():
        figure = results.get(bar.test, {}).get(bar.figure)
        wanted = f">= {bar.least}" if bar.least is not None else f"<= {bar.most}"
        shown = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]" if figure else "-"
        met = {True: "yes", False: "**no**", None: "-"}[bar.met(results.get(bar.test, {}))]
        rows.append(f"| {bar.test} | {bar.figure} | {wanted} | {shown} | {met} |")
    names = ["viseme accuracy", "bilabial recall", "bilabial precision", "labiodental recall",
             "labiodental precision", "silence recall", "bilabial onset ms"]  # fmt: skip
    rows += ["", f"| set | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for test, figures in results.items():
        shown = [f"{figures[n].value:.3f}" if n in figures else "-" for n in names]
        rows.append(f"| {test} | {' | '.join(shown)} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Evaluate from the command line; writes REPORT.json and REPORT.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--sphinx", action="store_true", help="compare with pocketsphinx")
    parser.add_argument("--told", action="store_true", help="tell the ears the language of a line")
    parser.add_argument("--guess-words", action="store_true", help="as users' lines are heard")
    parser.add_argument("--set", nargs="+", default=list(SETS), choices=SETS, help="all by default")
    parser.add_argument("--out", type=Path, required=True, help="report, without its ending")
    options = parser.parse_args()
    if options.guess_words and not words.available():
        parser.error("--guess-words needs pocketsphinx: pip install 'soliloquy[server]'")
    from .ears_speed import speed_of_recording

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    ears = EarsRecogniser(options.weights)
    sphinx: Recogniser | None = None
    if options.sphinx:
        from .sphinx import SphinxRecogniser

        sphinx = SphinxRecogniser()
    how = {"told": options.told, "guess_words": options.guess_words}
    results = evaluate(ears, options.corpus, options.root, sphinx, options.set, **how)
    plain = {k: {n: asdict(f) for n, f in v.items()} for k, v in results.items()}
    numbers: dict[str, Any] = {"how": how, "figures": plain}
    numbers["speed"] = speed_of_recording(ears, guess_words=options.guess_words)
    numbers["mismatch"] = mismatch([*emodb_lines()], ears)
    options.out.with_suffix(".json").write_text(json.dumps(numbers, indent=1), encoding="utf-8")
    text = report(results) + f"\n{how}\n{numbers['speed']}\n{numbers['mismatch']}\n"
    options.out.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
