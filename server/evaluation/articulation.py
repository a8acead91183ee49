"""How good `articulate` is: against captured mouths, and in millimetres of lip gap.

    report(data, out)                 with the weights as shipped
    report(data, out, corpus=CORPUS)  fitted anew without the take that it is tested on

Writes `articulation.json` and `articulation.md`. The captured takes calibrate the generator, so
only the second form says how it does on a take that it never saw.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from server.evaluation.ceiling import ceiling
from server.evaluation.closures import LineCounts, count_line, count_teeth, summary
from server.evaluation.lips import load_built_in_lips, load_ict_lips
from server.evaluation.markdown import as_markdown
from server.evaluation.perform import perform
from server.evaluation.spoken import SpokenLine, emodb_lines, english_lines, synthetic_lines
from server.generators.articulate import ArticulateGenerator
from server.generators.articulate.evidence import EvidenceNet, load_evidence
from server.generators.base import Speech
from server.speech.listen import listen, load_recogniser
from server.speech.recogniser import FEATURE_RATE, Recogniser, loudness_db
from server.training import articulation as recipe
from server.training.facegood import CALIBRATION_TAKES, CAPTURE_FPS, TEST_TAKE, Take, load_take

FRAME_RATES: Final = (24.0, 25.0, 30.0, 60.0)
_FARTHEST_LAG: Final = 8  # frames
_log = logging.getLogger(__name__)


def report(
    data: Path,
    out: Path,
    *,
    corpus: Path | None = None,
    recogniser: str = "auto",
    with_test_take: bool = False,
) -> dict[str, Any]:
    """Measure, write and return everything.

    Args:
        data: the folder of recordings. out: folder for the two files, made if absent.
        corpus: the ears' corpus; given, each take is tested with a regression that never saw it.
        recogniser: who hears the lines.
        with_test_take: look at take 2_05 too; once a release.

    Raises:
        FileNotFoundError: the recordings are not there.
    """
    ears = load_recogniser(recogniser)
    found: dict[str, Any] = {
        "recogniser": ears.name,
        "generator": ArticulateGenerator().provenance(),
        "captured": captured(data, ears, corpus, with_test_take),
        "lips": lips(data, ears),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "articulation.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    (out / "articulation.md").write_text(as_markdown(found), encoding="utf-8")
    return found


def captured(
    data: Path, ears: Recogniser, corpus: Path | None, with_test_take: bool = False
) -> dict[str, Any]:
    """Compare with captured takes, each left out of ceiling and (with `corpus`) calibration."""
    names = (*CALIBRATION_TAKES, TEST_TAKE) if with_test_take else CALIBRATION_TAKES
    takes = {name: load_take(data, name) for name in names}
    made = recipe.synthetic_examples(corpus, recipe.FitConfig()) if corpus else None
    rows: dict[str, Any] = {}
    for name, test in takes.items():
        others = [takes[n] for n in CALIBRATION_TAKES if n != name]
        # The shipped weights never saw 2_05, so that take needs no other fit.
        evidence = refitted(others, made) if made and name != TEST_TAKE else None
        speech = listen(test.samples, language="zh", recogniser=ears)
        clip = perform(ArticulateGenerator(evidence=evidence), speech, CAPTURE_FPS)
        rows[name] = {
            "unseen": evidence is not None or name == TEST_TAKE,
            "ceiling": agreement(ceiling(others, test), test),
            "articulate": agreement(_curves(clip, test), test),
            "loudness": agreement(_loudness_curves(test), test),
        }
        _log.info("%s: %s", name, {k: v["jawOpen"] for k, v in rows[name].items() if k != "unseen"})
    return rows


def refitted(takes: Sequence[Take], made: recipe.Examples) -> EvidenceNet:
    """Fit the evidence regression on `takes` and synthetic examples, as the recipe does."""
    config = recipe.FitConfig()
    seen = recipe.captured_examples(takes, config, recipe.unit_row())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articulate.safetensors"
        recipe.save(recipe.fit(seen, made, config), path)
        return load_evidence(path)


def _curves(clip: ArkitClip, take: Take) -> dict[str, NDArray[np.float32]]:
    return {name: clip.curve(name) for name in take.moving}


def _loudness_curves(take: Take) -> dict[str, NDArray[np.float32]]:
    """Return loudness as an amplitude for every channel: the baseline to beat."""
    loudness = loudness_db(take.samples)
    amplitude = np.convolve(10 ** (loudness / 20), np.full(5, 0.2), mode="same")
    times = np.arange(len(take.coefficients)) / CAPTURE_FPS
    curve = np.interp(times, np.arange(len(loudness)) / FEATURE_RATE, amplitude)
    return dict.fromkeys(take.moving, curve.astype(np.float32))


def agreement(curves: dict[str, NDArray[np.float32]], take: Take) -> dict[str, Any]:
    """Return r of jawOpen, mean r of the moving channels, and r, best r and lag of each.

    Lag is in milliseconds, positive where the curve comes before the captured one.
    """
    channels = {}
    for name, curve in curves.items():
        truth = take.curve(name)
        n = min(len(curve), len(truth))
        best, lag = max(
            (_r(*_shifted(curve[:n], truth[:n], k)), k)
            for k in range(-_FARTHEST_LAG, _FARTHEST_LAG + 1)
        )
        channels[name] = {
            "r": _r(curve[:n], truth[:n]),
            "best_r": best,
            "lag_ms": 1000 * lag / CAPTURE_FPS,
        }
    return {
        "jawOpen": channels["jawOpen"]["r"],
        "mean": float(np.mean([c["r"] for c in channels.values()])),
        "channels": channels,
    }


def _shifted(
    curve: NDArray[np.float32], truth: NDArray[np.float32], lag: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    n = len(curve)
    return curve[max(0, -lag) : n - max(0, lag)], truth[max(0, lag) : n - max(0, -lag)]


def _r(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return Pearson's correlation; a curve that does not move agrees with nothing."""
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def lips(data: Path, ears: Recogniser) -> dict[str, Any]:
    """Measure closures on lines whose phones are known: given them, and having to hear them."""
    sets: dict[str, Callable[[], Iterable[SpokenLine]]] = {
        "synthetic": synthetic_lines,
        "emodb": lambda: emodb_lines(data),
        "aligned_english": lambda: english_lines(data),
    }
    heads = {"ict": load_ict_lips(data / "ict_facekit"), "built_in": load_built_in_lips()}
    found: dict[str, Any] = {}
    for name, make in sets.items():
        lines = list(make())
        if not lines:
            found[name] = {"skipped": "flite is not installed"}
            continue
        given = [line.speech for line in lines]
        heard = [listen(x.samples, language=x.language, recogniser=ears) for x in lines]
        found[name] = {
            "given": _closures(lines, given, heads, FRAME_RATES),
            "heard": _closures(lines, heard, heads, (30.0,)),
        }
        _log.info("%s: %s", name, found[name]["given"]["30 fps"]["ict"]["closed"])
    return found


def _closures(
    lines: Sequence[SpokenLine],
    speeches: Sequence[Speech],
    heads: dict[str, Any],
    rates: Sequence[float],
) -> dict[str, Any]:
    generator = ArticulateGenerator()
    found: dict[str, Any] = {}
    for fps in rates:
        counts: dict[str, list[LineCounts]] = {head: [] for head in heads}
        teeth: list[tuple[int, int]] = []
        for line, speech in zip(lines, speeches, strict=True):
            clip = perform(generator, speech, fps)
            for head, gap in heads.items():
                counts[head].append(count_line(clip, line.phones, gap))
            teeth.append(count_teeth(clip, line.phones, heads["ict"].to_teeth))
        touched, of = np.sum(teeth, axis=0)
        found[f"{fps:g} fps"] = {head: summary(c) for head, c in counts.items()}
        found[f"{fps:g} fps"]["ict"] |= {"teeth": int(touched), "labiodentals": int(of)}
    return found
