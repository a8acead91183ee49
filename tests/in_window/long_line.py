"""Runs inside a Blender window: how long Blender is kept from its work by a line of ten minutes.

Every piece of the add-on that runs on the main thread meanwhile is timed: the pump, the modal
operator, and the drawing of the panels. CPU time of the thread is ours; wall time has the load of
the machine in it. What Blender itself does about new keys is timed too: its undo step (`undo_push`)
and their evaluation (`evaluation`, from one depsgraph handler to the other).

Whatever took longer than 10 ms is told one by one, with the page faults in it: memory that is new
to the process costs more than what is then written into it.
"""

import os
import resource
import sys
import time
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hand import area, perform, region, shot, until, window  # noqa: E402

REPORT = {"errors": [], "version": bpy.app.version_string, "longest": {}, "blocks": []}
MODULE = "bl_ext.user_default.soliloquy"
evaluation = {"begun": None}
loop = []  # the clocks at the last turn of Blender's loop
inside = []  # CPU and wall seconds of what is timed inside of what is timed


def clocks():
    """CPU and wall seconds of this thread, those in the kernel, and its page faults."""
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return time.thread_time(), time.perf_counter(), used.ru_stime, used.ru_minflt


def tell(name, before):
    """Note a block of work; returns its CPU and wall seconds."""
    from bl_ext.user_default.soliloquy.generate.session import session

    cpu, wall, kernel, faults = (b - a for a, b in zip(before, clocks(), strict=True))
    if max(cpu, wall) > 0.01:
        job = session().job
        told = f"{job.text} {job.fraction:.2f}" if job is not None else ""
        took = [round(1e3 * seconds, 1) for seconds in (cpu, wall, kernel)]
        REPORT["blocks"].append((name, *took, faults, told))
    return cpu, wall


def timed(name, function):
    """The function, with its longest CPU and wall seconds noted.

    `own` is without what is timed inside of it: the pump calls `written`, the undo step of Blender.
    """
    noted = REPORT["longest"].setdefault(
        name, {"cpu": 0.0, "wall": 0.0, "own_cpu": 0.0, "own_wall": 0.0, "calls": 0}
    )

    def run(*arguments, **named):
        inside.append([0.0, 0.0])
        before = clocks()
        try:
            return function(*arguments, **named)
        finally:
            took = tell(name, before)
            within = inside.pop()
            for place, kind in enumerate(("cpu", "wall")):
                noted[kind] = max(noted[kind], took[place])
                noted[f"own_{kind}"] = max(noted[f"own_{kind}"], took[place] - within[place])
                if inside:
                    inside[-1][place] += took[place]
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


def _timed_push(push):
    run = timed("undo_push", push)

    def push_timed():
        from bl_ext.user_default.soliloquy.takes import undo_step

        return run() if undo_step.is_waiting() else False

    return push_timed


def _evaluation_begins(*_):
    evaluation["begun"] = clocks()


def _evaluation_ends(*_):
    if evaluation["begun"] is None:
        return
    took = dict(zip(("cpu", "wall"), tell("evaluation", evaluation["begun"]), strict=True))
    evaluation["begun"] = None
    noted = REPORT["longest"].setdefault("evaluation", {"cpu": 0.0, "wall": 0.0, "calls": 0})
    for kind, seconds in took.items():
        noted[kind] = max(noted[kind], seconds)
    noted["calls"] += 1


def watch():
    from bl_ext.user_default.soliloquy import registration
    from bl_ext.user_default.soliloquy.generate import operators, session
    from bl_ext.user_default.soliloquy.takes import undo_step

    undo_step.push_now = _timed_push(undo_step.push_now)
    bpy.app.handlers.depsgraph_update_pre.append(_evaluation_begins)
    bpy.app.handlers.depsgraph_update_post.append(_evaluation_ends)
    session.Session.pump = timed("pump", session.Session.pump)
    operators._Performs.modal = _timed_modal(operators._Performs.modal)
    for cls in registration.CLASSES:
        if issubclass(cls, bpy.types.Panel):
            bpy.utils.unregister_class(cls)
            cls.draw = _timed_draw(cls.draw)
            bpy.utils.register_class(cls)


def loop_of_blender():
    """Once a turn of Blender's loop: what the turn took, events, pump, evaluation, drawing and all.

    Drawing counts as long as this machine's graphics make it; `undo_before` has it as well.
    """
    if loop:
        took = dict(zip(("cpu", "wall"), tell("loop", loop.pop()), strict=True))
        noted = REPORT["longest"].setdefault("loop", {"cpu": 0.0, "wall": 0.0, "calls": 0})
        for kind, seconds in took.items():
            noted[kind] = max(noted[kind], seconds)
        noted["calls"] += 1
    loop.append(clocks())
    return 0.0


def n_keys(character):
    """Keys of the first take on all meshes."""
    from bl_ext.user_default.soliloquy import compat

    return sum(
        len(curve.keyframe_points)
        for track in character.takes[0].tracks
        for curve in compat.curves_of(track.action, track.slot)
    )


def undo_step(name):
    """What any operator of Blender's own pays for its undo step in this scene."""
    with bpy.context.temp_override(window=window()):
        for _ in range(3):
            timed(name, bpy.ops.ed.undo_push)(message=name)


def undo_and_redo():
    """Back before the take, over the three steps of `undo_step`, and forth again."""

    def head():
        return window().scene.soliloquy.characters[0]

    with bpy.context.temp_override(window=window()):
        for _ in range(4):
            bpy.ops.ed.undo()
    yield 1.0
    REPORT["takes_after_undo"] = len(head().takes)
    shot("long_undone")
    with bpy.context.temp_override(window=window()):
        bpy.ops.ed.redo()
    yield 1.0
    REPORT["takes_after_redo"] = len(head().takes)
    REPORT["keys_after_redo"] = n_keys(head()) if head().takes else 0
    window().scene.frame_set(3000)
    yield 1.0
    shot("long_redone")


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
    character.generation.direction = "furious, then a bitter little smile"
    yield 1.0
    from bl_ext.user_default.soliloquy.generate.session import session

    undo_step("undo_before")
    bpy.app.timers.register(loop_of_blender)
    begun = time.monotonic()
    with bpy.context.temp_override(window=window(), area=view, region=region(view)):
        timed("invoke", bpy.ops.soliloquy.generate)("INVOKE_DEFAULT")
    yield 2.0
    shot("long_running")
    loop.clear()  # that took long by itself
    yield from until(lambda: session().job is not None and session().job.is_over, "the take", 1200)
    from bl_ext.user_default.soliloquy.takes import undo_step as step

    yield from until(lambda: not step.is_waiting(), "the undo step")
    yield 1.0
    bpy.app.timers.unregister(loop_of_blender)
    REPORT["wall_seconds"] = time.monotonic() - begun
    REPORT["job"] = session().job.text
    REPORT["seconds"] = character.takes[0].seconds if character.takes else 0.0
    REPORT["load"] = os.getloadavg()[0]
    REPORT["keys"] = n_keys(character)
    shot("long_done")
    undo_step("undo_after")
    yield from undo_and_redo()


perform(story, REPORT)
