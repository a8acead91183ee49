"""Runs inside a Blender window: how long Blender is kept from its work by a line of ten minutes.

Every piece of the add-on that runs on the main thread meanwhile is timed: the pump, the modal
operator, and the drawing of the panels. CPU time of the thread is ours; wall time has the load of
the machine in it. What Blender itself does about new keys (undo step, redraw) comes with `written`.
"""

import os
import sys
import time
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hand import area, perform, region, shot, until, window  # noqa: E402

REPORT = {"errors": [], "version": bpy.app.version_string, "longest": {}}
MODULE = "bl_ext.user_default.soliloquy"


def timed(name, function):
    """The function, with its longest CPU and wall seconds noted."""
    noted = REPORT["longest"].setdefault(name, {"cpu": 0.0, "wall": 0.0, "calls": 0})

    def run(*arguments, **named):
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            noted["cpu"] = max(noted["cpu"], time.thread_time() - cpu)
            noted["wall"] = max(noted["wall"], time.perf_counter() - wall)
            noted["calls"] += 1

    return run


def _timed_draw(draw):
    run = timed("panels", draw)

    def draw_timed(self, context):  # Blender counts the arguments
        run(self, context)

    return draw_timed


def _timed_modal(modal):
    run = timed("modal", modal)

    def modal_timed(self, context, event):
        return run(self, context, event)

    return modal_timed


def watch():
    from bl_ext.user_default.soliloquy import registration
    from bl_ext.user_default.soliloquy.generate import operators, session

    session.Session.pump = timed("pump", session.Session.pump)
    operators._Performs.modal = _timed_modal(operators._Performs.modal)
    operators._written = timed("written", operators._written)
    for cls in registration.CLASSES:
        if issubclass(cls, bpy.types.Panel):
            bpy.utils.unregister_class(cls)
            cls.draw = _timed_draw(cls.draw)
            bpy.utils.register_class(cls)


def story():
    yield 1.0
    zip_file = next(HERE.glob("soliloquy-*.zip"))
    bpy.ops.extensions.package_install_files(
        filepath=str(zip_file), repo="user_default", enable_on_install=True, overwrite=True
    )
    yield 2.0
    watch()
    settings = bpy.context.preferences.addons[MODULE].preferences
    settings.address = (HERE / "address.txt").read_text().strip()
    view = area("VIEW_3D")
    with bpy.context.temp_override(window=window(), area=view, region=region(view)):
        bpy.ops.soliloquy.add_head("EXEC_DEFAULT", True)
    character = window().scene.soliloquy.characters[0]
    character.line.source = "FILE"
    character.line.filepath = str(HERE / "line.wav")
    yield 1.0
    from bl_ext.user_default.soliloquy.generate.session import session

    begun = time.monotonic()
    with bpy.context.temp_override(window=window(), area=view, region=region(view)):
        bpy.ops.soliloquy.generate("INVOKE_DEFAULT")
    yield 2.0
    shot("long_running")
    yield from until(lambda: session().job is not None and session().job.is_over, "the take", 1200)
    REPORT["wall_seconds"] = time.monotonic() - begun
    REPORT["job"] = session().job.text
    REPORT["seconds"] = character.takes[0].seconds if character.takes else 0.0
    REPORT["load"] = os.getloadavg()[0]
    yield 1.0
    shot("long_done")


perform(story, REPORT)
