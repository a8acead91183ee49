"""A hand in a Blender window: a mouse and a keyboard through xdotool, and eyes.

Scripts are generators: they yield seconds, and a timer goes on with them, so that Blender lives
between two gestures. A button is found as a person finds it, by moving the mouse over it: Blender
itself tells what lies under the mouse.
"""

import json
import os
import subprocess
import time
import traceback
from pathlib import Path

import bpy

OUT = Path(os.environ["OUT"])
SWEEP = 9  # pixels between two looks at what is under the mouse


class StuckError(Exception):
    """Something that a person would see is not there."""


def window(number=0):
    return bpy.context.window_manager.windows[number]


def area(kind, number=0):
    return next((a for a in window(number).screen.areas if a.type == kind), None)


def region(of, kind="WINDOW"):
    return next(r for r in of.regions if r.type == kind)


def shot(name):
    subprocess.run(["import", "-window", "root", str(OUT / f"{name}.png")], check=True)


def xdo(*commands):
    """Send gestures without waiting for them: Blender has to answer meanwhile."""
    lines = "; sleep .06; ".join(f"xdotool {command}" for command in commands)
    return subprocess.Popen(["bash", "-c", lines])


def gesture(*commands, wait=0.4):
    running = xdo(*commands)
    while running.poll() is None:
        yield 0.05
    yield wait


def move(x, y):
    """Coordinates as Blender counts them, from below."""
    yield from gesture(f"mousemove {int(x)} {int(window().height - y)}", wait=0.0)


def click(x, y, wait=0.6):
    top = int(window().height - y)
    yield from gesture(f"mousemove {int(x) - 2} {top}", f"mousemove {int(x)} {top}", wait=0.2)
    yield from gesture("mousedown 1", "mouseup 1", wait=wait)


def drag(start, end, steps=8, hold=0.2):
    """In one go: Blender hears no timers while a file is dragged over it."""
    (x, y), (to_x, to_y) = start, end
    height = window().height
    path = [
        f"mousemove {int(x + (to_x - x) * i / steps)} {int(height - (y + (to_y - y) * i / steps))}"
        for i in range(steps + 1)
    ]
    nudges = (f"sleep {hold}", "mousemove_relative 2 2", f"sleep {hold}", "mousemove_relative 2 2")
    yield from gesture(path[0], "mousedown 1", *path[1:], *nudges, f"sleep {hold}", "mouseup 1")


def key(name, wait=0.6):
    yield from gesture(f"key {name}", wait=wait)


def under_mouse(of, side):
    """The command of the button under the mouse, "" when there is none."""
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=window(), area=of, region=side):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
    return manager.clipboard


def find_button(command, kind="VIEW_3D", place="UI", at=0.5):
    """Sweep the mouse down a region until a button with this command lies under it."""
    of = area(kind)
    side = region(of, place)
    x = side.x + side.width * at
    y = side.y + side.height - 4
    while y > side.y:
        yield from move(x, y)
        yield 0.04
        if command in under_mouse(of, side):
            return x, y
        y -= SWEEP
    raise StuckError(f"no button {command} in the {place} region of {kind}")


def press(command, **where):
    x, y = yield from find_button(command, **where)
    yield from click(x, y - 3)


def until(condition, what, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise StuckError(f"waited in vain for {what}")
        yield 0.2


def perform(story, report, first=3.0):
    """Run a story; what happened goes to report.json; then Blender is quitted."""
    script = story()

    def tick():
        try:
            return next(script)
        except StopIteration:
            pass
        except Exception:  # noqa: BLE001  (the report tells the test)
            report["errors"].append(traceback.format_exc())
            shot("stuck")
        (OUT / "report.json").write_text(json.dumps(report, indent=2))
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(tick, first_interval=first, persistent=True)
