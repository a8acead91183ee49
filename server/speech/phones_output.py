"""Heard phones for other programs: JSON, and Praat TextGrid in its long text form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from arkit.clip import Phone
from arkit.saving import replacing

from .alignment import AlignedWord
from .phones import SILENCE


def phones_json(phones: Sequence[Phone], words: Sequence[AlignedWord] = ()) -> str:
    """Return `{"phones": [{"phone", "start", "end"}, ...]}`, with "words" when they are known.

    Times are seconds, to the millisecond.
    """
    content: dict[str, list[dict[str, object]]] = {
        "phones": [
            {"phone": p.phone, "start": round(p.start, 3), "end": round(p.end, 3)} for p in phones
        ]
    }
    if words:
        content["words"] = [
            {
                "word": w.text, "start": round(w.start, 3), "end": round(w.end, 3),
                "confidence": round(w.confidence, 3),
            }
            for w in words
        ]  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1)


def textgrid(phones: Sequence[Phone], seconds: float, words: Sequence[AlignedWord] = ()) -> str:
    """Return a TextGrid with the tier "phones", and "words" when they are known.

    Silence is an empty label, as Praat and the common aligners write it.
    """
    tiers = []
    if words:
        said = [(w.start, w.end, w.text) for w in words if w.end > w.start]
        tiers.append(("words", _filled(said, seconds)))
    heard = [(p.start, p.end, "" if p.phone == SILENCE else p.phone) for p in phones]
    tiers.append(("phones", _filled(heard, seconds)))
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0",
        f"xmax = {seconds:.4f}", "tiers? <exists>", f"size = {len(tiers)}", "item []:",
    ]  # fmt: skip
    for number, (name, intervals) in enumerate(tiers, 1):
        lines += _tier(number, name, intervals, seconds)
    return "\n".join(lines) + "\n"


def _tier(
    number: int, name: str, intervals: Sequence[tuple[float, float, str]], seconds: float
) -> list[str]:
    lines = [
        f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"',
        "        xmin = 0", f"        xmax = {seconds:.4f}",
        f"        intervals: size = {len(intervals)}",
    ]  # fmt: skip
    for i, (start, end, label) in enumerate(intervals, 1):
        quoted = label.replace('"', '""')
        lines += [
            f"        intervals [{i}]:", f"            xmin = {start:.4f}",
            f"            xmax = {end:.4f}", f'            text = "{quoted}"',
        ]  # fmt: skip
    return lines


def _filled(
    intervals: Sequence[tuple[float, float, str]], seconds: float
) -> list[tuple[float, float, str]]:
    """Intervals without gaps from 0 to `seconds`: Praat accepts nothing else."""
    filled: list[tuple[float, float, str]] = []
    clock = 0.0
    for start, end, label in intervals:
        if start - clock > 1e-6:
            filled.append((clock, start, ""))
        filled.append((max(start, clock), end, label))
        clock = end
    if seconds - clock > 1e-6:
        filled.append((clock, seconds, ""))
    return filled


def write_phones(
    path: Path, phones: Sequence[Phone], seconds: float, words: Sequence[AlignedWord] = ()
) -> None:
    """Write phones as the ending of `path` says: `.TextGrid`, anything else JSON."""
    is_grid = path.suffix.lower() == ".textgrid"
    text = textgrid(phones, seconds, words) if is_grid else phones_json(phones, words)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
