"""Small helpers of the panels."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import bpy

_MARGIN: Final = 70  # pixels beside the text: panel, box, icon, scroll bar
_CHARACTER: Final = 6.6  # pixels of a character of average width in Blender's font
LONG_NOTE: Final = 9
"""Lines that a note about a take may have: the words of a long line would push all else away."""


def tr(sentence: str) -> str:
    """A sentence, or a template with {names}, in the language of Blender's interface."""
    return bpy.app.translations.pgettext_iface(sentence)


def redraw() -> None:
    """Redraw everything that may show new keys."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "SEQUENCE_EDITOR", "DOPESHEET_EDITOR", "GRAPH_EDITOR"}:
                area.tag_redraw()


def redraw_sidebars() -> None:
    """Redraw the sidebars alone: drawing a 3D View anew at every step of a progress is slow."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def wrapped(
    layout: Any,
    context: Any,
    text: str,
    icon: str = "NONE",
    *,
    share: float = 1.0,
    most: int = 0,
) -> None:
    """Show a sentence on as many lines as the sidebar's width, or a share of it, asks for.

    What stands in the source as it is shown, without `tr`, is translated here. Of more than `most`
    lines the middle is left out: a long list ends with what to do about it.
    """
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region is not None else 280
    characters = max(int((share * width - _MARGIN * scale) / (_CHARACTER * scale)), 16)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(_shortened(textwrap.wrap(tr(text), characters), most)):
        column.label(
            text=line,
            translate=False,
            icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else icon),
        )


def _shortened(lines: list[str], most: int) -> list[str]:
    if not most or len(lines) <= most:
        return lines
    last = most // 2
    return [*lines[: most - last - 1], "...", *lines[-last:]]


def reason(layout: Any, context: Any, text: str) -> None:
    """Say why the control above is greyed."""
    wrapped(layout, context, text, icon="INFO")
