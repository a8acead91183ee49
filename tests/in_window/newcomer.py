"""Runs inside a Blender window: from the zip to a talking head, by mouse and keyboard alone.

Every action of the user is counted; everything between them is waiting or a screenshot.
"""

import os
import subprocess
import sys
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hand import (  # noqa: E402
    area,
    drag,
    gesture,
    key,
    perform,
    press,
    region,
    shot,
    until,
    window,
)

REPORT = {"errors": [], "actions": [], "version": bpy.app.version_string}
ZIP = next(HERE.glob("soliloquy-*.zip"))
MODULE = "bl_ext.user_default.soliloquy"


def did(what):
    REPORT["actions"].append(what)


def middle(of):
    side = region(of)
    return side.x + side.width / 2, side.y + side.height / 2


def install():
    did("drag the zip into the window")
    did("confirm the installation")
    addons = bpy.context.preferences.addons
    for _ in range(3):  # on a loaded machine a drop can come too early
        yield from _drag_the_zip()
        yield from key("Return", wait=1.0)
        for _ in range(60):
            if MODULE in addons and addons[MODULE].preferences is not None:
                break
            yield 0.5
        else:
            continue
        break
    yield 2.0
    settings = addons[MODULE].preferences
    wheels = HERE / "wheels"
    if wheels.is_dir():  # no network in here: the packages lie on the disk
        settings.wheel_folder = str(wheels)
    if os.environ.get("SERVER_ADDRESS"):
        settings.address = os.environ["SERVER_ADDRESS"]
    if os.environ.get("BASE_PYTHON"):  # one for which the folder has wheels
        sys.executable = os.environ["BASE_PYTHON"]
    side = region(area("VIEW_3D"), "UI")
    yield from until(lambda: side.active_panel_category == "Soliloquy", "the tab", 30)
    yield 1.0
    shot("2_installed")


def _drag_the_zip():
    source = subprocess.Popen(
        [sys.executable, str(HERE / "drag_source.py"), str(ZIP), "560", "880"],
        stdout=subprocess.DEVNULL,
    )
    yield 8.0
    yield from drag((640, window().height - 900), middle(area("VIEW_3D")), steps=12, hold=2.0)
    yield 8.0
    shot("1_dropped")
    source.terminate()


def character():
    settings = window().scene.soliloquy
    return settings.characters[settings.character_index]


def head():
    did("Add Soliloquy Head")
    yield from press("soliloquy.add_head")
    yield from until(lambda: len(window().scene.soliloquy.characters) == 1, "the head")
    yield 1.0
    shot("3_head")


def line():
    did("Add Recording")
    yield from press("soliloquy.add_line")
    yield 2.0
    shot("4_files")
    did("choose the file")
    yield from _choose("line.wav")
    yield from until(lambda: bool(character().line.strip), "the line", 30)
    yield 1.0
    shot("5_line")


def _choose(name):
    """Click through the file browser until the file is chosen, then take it with Enter."""
    browser = next(w for w in bpy.context.window_manager.windows if _browser(w) is not None)
    of = _browser(browser)
    side = region(of)
    top = browser.height
    for row in range(1, 16):
        x, y = browser.x + side.x + 60, top - (side.y + side.height - row * 20)
        yield from gesture(f"mousemove {x} {y}", "click 1", wait=0.3)
        if of.spaces.active.params.filename == name:
            yield from gesture("click --repeat 2 --delay 60 1", wait=1.5)
            return
    raise RuntimeError(f"{name} is not in the browser: {of.spaces.active.params.directory}")


def _browser(of):
    return next((a for a in of.screen.areas if a.type == "FILE_BROWSER"), None)


def session():
    from bl_ext.user_default.soliloquy.generate.session import session as running

    return running()


def generate():
    did("Generate")
    yield from press("soliloquy.generate")
    yield 1.5
    shot("6_generate")
    if not os.environ.get("SERVER_ADDRESS"):
        did("confirm the set-up of the engine")
        yield from key("Return", wait=3.0)
        yield 30.0
        shot("7_setting_up")
        yield from until(_starting, "the engine", 2400)
        shot("7_starting")
    yield from until(lambda: session().job is not None and session().job.is_over, "the take", 2400)
    yield 1.5
    shot("8_take")
    REPORT["job"] = session().job.text
    REPORT["takes"] = [take.name for take in character().takes]


def _starting():
    from bl_ext.user_default.soliloquy.connection.process import own_server

    return own_server().is_running


def play():
    bpy.context.preferences.view.show_playback_fps = False  # a software screen's is no news
    did("Space")
    yield from gesture("mousemove 600 400", wait=0.3)
    yield from key("space", wait=2.0)
    REPORT["plays"] = window().screen.is_animation_playing
    for number in range(4):  # the picture is drawn a moment after the frame is set
        yield from until(_mouth_is_open, "an open mouth", 120)
        shot(f"9_talks_{number}")
        yield 0.3
    yield from key("space")


def _mouth_is_open():
    keys = character().meshes[0].object.data.shape_keys
    return keys.key_blocks["jawOpen"].value > 0.15


def story():
    yield 1.0
    bpy.context.preferences.view.show_splash = False
    shot("0_start")
    yield from install()
    yield from head()
    yield from line()
    yield from generate()
    yield from play()
    REPORT["n_actions"] = len(REPORT["actions"])


perform(story, REPORT)
