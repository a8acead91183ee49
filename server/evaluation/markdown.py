"""The figures of `articulation.report` as a page that can be read."""

from __future__ import annotations

from typing import Any


def as_markdown(found: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    lines = [
        "# Articulation",
        "",
        f"Recogniser: {found['recogniser']}. Generator: {found['generator']}.",
        "",
        "## Against captured mouths",
        "",
        "r of jawOpen / mean r of the moving channels (left of each pair). The ceiling is a",
        "network trained on the other takes of the same speaker.",
        "",
        "| take | unseen | loudness | ceiling | articulate | share of the ceiling |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in found["captured"].items():
        top, ours, loud = row["ceiling"], row["articulate"], row["loudness"]
        lines.append(
            f"| {name} | {'yes' if row['unseen'] else 'no'} | {_pair(loud)} | {_pair(top)} | "
            f"{_pair(ours)} | {ours['jawOpen'] / top['jawOpen']:.2f} / "
            f"{ours['mean'] / top['mean']:.2f} |"
        )
    lines += ["", *_channels(found["captured"]), "", *_lips(found["lips"]), ""]
    return "\n".join(lines)


def _pair(row: dict[str, Any]) -> str:
    return f"{row['jawOpen']:.3f} / {row['mean']:.3f}"


def _channels(captured: dict[str, Any]) -> list[str]:
    lines = [
        "r (and lag in ms, positive: ours is early) of each channel, articulate; ceiling in []:",
        "",
    ]
    for name, row in captured.items():
        cells = [
            f"{channel} {ours['r']:.2f} ({ours['lag_ms']:+.0f}) "
            f"[{row['ceiling']['channels'][channel]['r']:.2f}]"
            for channel, ours in row["articulate"]["channels"].items()
        ]
        lines.append(f"- {name}: " + ", ".join(cells))
    return lines


def _lips(sets: dict[str, Any]) -> list[str]:
    lines = [
        "## Lips",
        "",
        "p b m with a gap under 1 mm within 40 ms of the phone, and inside it; vowels whose",
        "middle is closed; 95 % intervals over lines.",
        "",
        "| lines | phones | rate | head | p b m | closed | inside | vowels | closed vowels "
        "| f v at the teeth |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in sets.items():
        if "skipped" in row:
            lines.append(f"| {name} | {row['skipped']} | | | | | | | | |")
            continue
        for phones in ("given", "heard"):
            for rate, heads in row[phones].items():
                for head, s in heads.items():
                    cells = (
                        f"{name} ({s['lines']})", phones, rate, head, s["bilabials"],
                        _share(s["closed"]), _share(s["closed_inside"]), s["vowels"],
                        _share(s["closed_vowels"]),
                        f"{s['teeth']} of {s['labiodentals']}" if "teeth" in s else "",
                    )  # fmt: skip
                    lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _share(share: dict[str, float]) -> str:
    return f"{100 * share['value']:.1f} % [{100 * share['low']:.1f}, {100 * share['high']:.1f}]"
