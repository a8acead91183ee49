"""Are AU strips obeyed, only where they lie, and with what cost to the lips (Tables 3 and 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.closure import CONTACT_KINDS
from server.generators.articulate.coarticulation import lip_travel
from server.generators.articulate.config import ArticulateConfig
from server.generators.articulate.track import contacts_of

from .cafe_talk_stage import FPS, Line, Stage, is_spoken, strip
from .closures import LineCounts, count_line
from .intervals import Estimate, mean, ratio
from .lips import load_built_in_lips
from .strips_eval import (
    LOWER_AUS,
    UPPER_AUS,
    Slot,
    control_rate,
    held_share,
    leak_p99,
    leaks,
    net_control_rate,
    ordered_pairs,
    peak,
)

ALL_AUS: Final = (*UPPER_AUS, *LOWER_AUS)
HOLD: Final = 0.6
_MARGIN: Final = 8  # frames of the line that are left on either side of a strip

Curves = NDArray[np.float32]


@dataclass(frozen=True)
class Trial:
    """One AU on one line.

    Attributes:
        slot: where its strip lies.
    """

    line: Line
    slot: Slot

    @property
    def seconds(self) -> tuple[float, float]:
        return self.slot.start / FPS, self.slot.end / FPS


def trials(stage: Stage, n_lines: int, purpose: str) -> list[Trial]:
    """Return `n_lines` trials for each AU on lines of one pool, at places of a fixed draw."""
    length = round(stage.protocol.strip_seconds * FPS)
    rng = np.random.default_rng([stage.protocol.seed, *purpose.encode()])
    pool = stage.draw(stage.protocol.pool, "strips", is_spoken)
    found: list[Trial] = []
    for au in ALL_AUS:
        for k in rng.permutation(len(pool))[:n_lines]:
            line = pool[k]
            latest = line.n_frames - _MARGIN - length
            start = int(rng.integers(_MARGIN, max(latest, _MARGIN) + 1))
            found.append(Trial(line, Slot(au, start, start + length)))
    return found


def bare(stage: Stage, lines: Sequence[Line], **changes: Any) -> dict[int, ArkitClip]:
    """Return each line performed once without any strip."""
    distinct = list({line.number: line for line in lines}.values())
    made = stage.clips([stage.order(line, **changes) for line in distinct])
    return {line.number: clip for line, clip in zip(distinct, made, strict=True)}


def measure_strips(stage: Stage) -> dict[str, Any]:
    """Full intensity at beta 1: control rates, hold and leak, over all AUs and for each."""
    found = trials(stage, stage.protocol.strip_lines, "strip")
    without = bare(stage, [t.line for t in found])
    made = stage.perform(
        [stage.order(t.line, strips=(strip(t.slot.au, *t.seconds),)) for t in found]
    )
    rows = [
        {
            "au": t.slot.au,
            "line": t.line.number,
            "raw": control_rate(face, t.slot),
            "net": net_control_rate(face, without[t.line.number].coefficients, t.slot),
            "peak": peak(face, t.slot),
            "held": held_share(face, t.slot),
            "free": held_share(face, t.slot, free_lips(t.line)),
            "leaks": leaks(face, without[t.line.number].coefficients, t.slot),
        }
        for t, face in zip(found, made, strict=True)
    ]
    return {
        "all": _summary(rows),
        "upper": _summary([r for r in rows if r["au"] in UPPER_AUS]),
        "lower": _summary([r for r in rows if r["au"] in LOWER_AUS]),
        "each": {au: _summary([r for r in rows if r["au"] == au]) for au in ALL_AUS},
    }


def free_lips(line: Line) -> NDArray[np.bool_]:
    """Return the frames at which no lips are closed or on their way to p b m f v, [T].

    An upper lip that is raised, funnelled lips and a dropped jaw have to give way there.
    """
    config, contacts = ArticulateConfig(), contacts_of(line.speech.phones)
    times = np.arange(line.n_frames) / FPS
    travel = [lip_travel(times, contacts, kind, config) for kind in CONTACT_KINDS]
    return np.max(travel, axis=0) <= 0.0


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    lines = [r["line"] for r in rows]
    free = [r for r in rows if not np.isnan(r["free"])]
    return {
        "raw": mean([r["raw"] for r in rows], lines).as_json(),
        "net": mean([r["net"] for r in rows], lines).as_json(),
        "peak": mean([r["peak"] for r in rows], lines).as_json(),
        "held": mean([r["held"] for r in rows], lines).as_json(),
        "holds": mean([r["held"] >= HOLD for r in rows], lines).as_json(),
        "held_free": mean([r["free"] for r in free], [r["line"] for r in free]).as_json(),
        "lowest_free": min((r["free"] for r in free), default=float("nan")),
        "leak_p99": leak_p99([r["leaks"] for r in rows]),
    }


def measure_order(stage: Stage) -> dict[str, Any]:
    """Do peaks rise with the strip's intensity, and with beta?"""
    found = trials(stage, stage.protocol.order_lines, "order")
    levels, betas = stage.protocol.strip_intensities, stage.protocol.betas
    by_level = _peaks(stage, found, [(strip_level, 1.0) for strip_level in levels])
    by_beta = _peaks(stage, found, [(0.5, beta) for beta in betas])
    return {
        "intensity": _ordered(by_level, found),
        "beta": _ordered(by_beta, found),
        "peaks_by_intensity": dict(zip(map(str, levels), by_level.mean(axis=0), strict=True)),
        "peaks_by_beta": dict(zip(map(str, betas), by_beta.mean(axis=0), strict=True)),
        "intensity_of_betas": 0.5,
    }


def _peaks(
    stage: Stage, found: Sequence[Trial], settings: Sequence[tuple[float, float]]
) -> NDArray[np.float64]:
    """Return the peak of each trial under each (intensity, beta), [trials, settings]."""
    orders = [
        stage.order(
            t.line, strips=(strip(t.slot.au, *t.seconds, level),), guidance={"strips": beta}
        )
        for t in found
        for level, beta in settings
    ]
    faces = iter(stage.perform(orders))
    return np.array([[peak(next(faces), t.slot) for _ in settings] for t in found])


def _ordered(table: NDArray[np.float64], found: Sequence[Trial]) -> dict[str, float]:
    counts = [ordered_pairs(list(row)) for row in table]
    lines = [t.line.number for t in found]
    return ratio([c[0] for c in counts], [c[1] for c in counts], lines).as_json()


def measure_lips(stage: Stage) -> dict[str, Any]:
    """Closure recall of p b m under a strip over the whole line, for each AU, and without one."""
    lines = sorted(
        stage.draw(4 * stage.protocol.lip_lines, "lips", is_spoken), key=lambda x: -x.n_bilabials
    )[: stage.protocol.lip_lines]
    gap = load_built_in_lips()

    def counted(clips: Sequence[ArkitClip]) -> list[LineCounts]:
        pairs = zip(clips, lines, strict=True)
        return [count_line(clip, line.speech.phones, gap) for clip, line in pairs]

    none = counted(stage.clips([stage.order(line) for line in lines]))
    each = {
        au: counted(
            stage.clips(
                [stage.order(x, strips=(strip(au, 0.0, x.utterance.seconds),)) for x in lines]
            )
        )
        for au in ALL_AUS
    }
    groups = {
        "none": none,
        "upper": [c for au in UPPER_AUS for c in each[au]],
        "lower": [c for au in LOWER_AUS for c in each[au]],
    }
    return {
        **{name: recall(counts).as_json() for name, counts in groups.items()},
        "change_upper": _change(none, [each[au] for au in UPPER_AUS]).as_json(),
        "change_lower": _change(none, [each[au] for au in LOWER_AUS]).as_json(),
        "each": {au: recall(counts).as_json() for au, counts in each.items()},
    }


def recall(counts: Sequence[LineCounts]) -> Estimate:
    """Return the share of p b m whose lips met."""
    return ratio([c.closed for c in counts], [c.bilabials for c in counts])


def _change(none: Sequence[LineCounts], under: Sequence[Sequence[LineCounts]]) -> Estimate:
    """Return how much recall changes under strips, line by line."""
    change = [
        sum(counts[k].closed - before.closed for counts in under) / len(under)
        for k, before in enumerate(none)
    ]
    return ratio(change, [c.bilabials for c in none])


def beta_curves(stage: Stage, au: str) -> tuple[Trial, dict[str, Curves]]:
    """Return one trial of an AU, and its face under every beta and without the strip."""
    trial = next(t for t in trials(stage, 1, "plot") if t.slot.au == au)
    betas = stage.protocol.betas
    cut = strip(au, *trial.seconds)
    orders = [stage.order(trial.line)]
    orders += [stage.order(trial.line, strips=(cut,), guidance={"strips": b}) for b in betas]
    names = ["no strip", *(f"beta {b:g}" for b in betas)]
    return trial, dict(zip(names, stage.perform(orders), strict=True))
