"""Runs inside a Blender window: words that were guessed become the transcript, by mouse and key."""

import os
import sys
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hand import (  # noqa: E402
    area,
    click,
    drag,
    find_button,
    gesture,
    key,
    perform,
    press,
    region,
    shot,
    until,
    window,
)

REPORT = {"errors": [], "version": bpy.app.version_string}
ZIP = next(HERE.glob("soliloquy-*.zip"))
MODULE = "bl_ext.user_default.soliloquy"
_HEADER = 26  # pixels from the middle of a row to the panel's header below it


def line():
    settings = window().scene.soliloquy
    return settings.characters[settings.character_index].line


def why():
    from bl_ext.user_default.soliloquy.line.guessing import why_not_guessed

    return why_not_guessed(line())


def job():
    from bl_ext.user_default.soliloquy.generate.session import session

    return session().job


def prepare():
    bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True, overwrite=True
    )
    addons = bpy.context.preferences.addons
    addons[MODULE].preferences.address = os.environ["SERVER_ADDRESS"]
    yield 2.0
    view = area("VIEW_3D")
    view.spaces.active.show_region_ui = True
    yield 1.0
    side = region(view, "UI")
    side.active_panel_category = "Soliloquy"
    yield 1.0
    yield from widen(side)
    with bpy.context.temp_override(window=window(), area=view, region=region(view)):
        bpy.ops.soliloquy.add_head("EXEC_DEFAULT", True)
        yield 1.0
        bpy.ops.soliloquy.add_line("EXEC_DEFAULT", True, filepath=str(next(HERE.glob("*.wav"))))
        bpy.ops.soliloquy.check_server()
    yield 1.0


def widen(side):
    """Until a sentence fits on a line; on a loaded machine a drag can be missed."""
    narrow = side.width
    for _ in range(5):
        edge = (side.x, side.y + side.height // 2)
        yield from drag(edge, (edge[0] - 130, edge[1]))
        yield 0.5
        if side.width > narrow + 100:
            return


def open_transcript():
    _, y = yield from find_button("soliloquy.play_line", at=0.88)
    side = region(area("VIEW_3D"), "UI")
    yield from click(side.x + side.width * 0.4, y - _HEADER)
    yield 1.0


def states():
    """The checkbox as it can be switched, and greyed with its reasons."""
    for name, language, transcript in (
        ("1_can_be_guessed", "en", ""),
        ("2_german", "de", ""),
        ("3_transcript", "en", "ask not what"),
    ):
        line().language, line().transcript = language, transcript
        area("VIEW_3D").tag_redraw()
        yield 2.5  # panels grow gently
        REPORT[name] = why()
        shot(name)
    line().transcript = ""


def generate():
    yield from press("soliloquy.generate")
    yield from until(lambda: job() is not None and job().is_over, "the take", 600)
    yield 2.0
    REPORT["job"] = job().text
    REPORT["why_after"] = why()
    shot("4_generated")


def use():
    yield from press("soliloquy.use_guessed_words")
    yield from until(lambda: line().transcript, "the transcript", 10)
    yield 1.0
    REPORT["transcript"] = line().transcript
    shot("5_used")
    yield from gesture("mousemove 500 400", wait=0.3)
    yield from key("ctrl+z", wait=1.5)
    REPORT["after_undo"] = line().transcript
    shot("6_undone")


def story():
    yield 1.0
    bpy.context.preferences.view.show_splash = False
    yield from prepare()
    shot("0_closed")
    yield from open_transcript()
    yield from states()
    yield from generate()
    yield from use()


perform(story, REPORT)
