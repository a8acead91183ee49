"""Runs inside a Blender window: installs the zip, opens the tab, generates, takes screenshots.

A timer walks through the steps, one a second, as a person would. What happened goes to
`report.json`; the test reads it.
"""

import json
import os
import subprocess
import time
import traceback
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ["OUT"])
STALL = {"last": 0.0, "watching": False}
REPORT = {"errors": [], "longest_pause": 0.0, "version": bpy.app.version_string}
ADDRESS = (HERE / "address.txt").read_text().strip()
ZIP = next(HERE.glob("soliloquy-*.zip"))
drags = []
WAV = next(HERE.glob("*.wav"))


def window():
    return bpy.context.window_manager.windows[0]


def area(kind):
    return next((a for a in window().screen.areas if a.type == kind), None)


def region(of, kind="WINDOW"):
    return next(r for r in of.regions if r.type == kind)


def in_view(operator, *args, **arguments):
    view = area("VIEW_3D")
    with bpy.context.temp_override(
        window=window(), screen=window().screen, area=view, region=region(view)
    ):
        return operator(*args, **arguments)


def shot(name):
    subprocess.run(["import", "-window", "root", str(OUT / f"{name}.png")], check=True)
    STALL["last"] = 0.0  # the pause was the screenshot's


def character():
    settings = window().scene.soliloquy
    return settings.characters[settings.character_index]


def install():
    bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True, overwrite=True
    )
    REPORT["enabled"] = "bl_ext.user_default.soliloquy" in bpy.context.preferences.addons
    settings = bpy.context.preferences.addons["bl_ext.user_default.soliloquy"].preferences
    settings.address = ADDRESS
    bpy.context.preferences.view.show_splash = False
    unfold("SOLILOQUY_PT_strips")


def layout():
    view = area("VIEW_3D")
    in_view(bpy.ops.screen.area_split, direction="HORIZONTAL", factor=0.22)
    low = min((a for a in window().screen.areas if a.type == "VIEW_3D"), key=lambda a: a.y)
    low.type = "SEQUENCE_EDITOR"
    low.spaces.active.view_type = "SEQUENCER"
    view = area("VIEW_3D")
    view.spaces.active.show_region_ui = True
    view.spaces.active.shading.color_type = "MATERIAL"
    for item in list(bpy.data.objects):
        if item.type == "MESH":
            bpy.data.objects.remove(item)


def open_tab():
    region(area("VIEW_3D"), "UI").active_panel_category = "Soliloquy"
    area("VIEW_3D").tag_redraw()


def wide():
    """Widen the sidebar with the mouse, as a person would."""
    side = region(area("VIEW_3D"), "UI")
    x, y = side.x, window().height - (side.y + side.height // 2)
    moves = f"xdotool mousemove {x} {y}; sleep .2; xdotool mousedown 1; sleep .1; "
    moves += f"xdotool mousemove {x - 60} {y}; sleep .1; xdotool mousemove {x - 130} {y}; "
    subprocess.Popen(["bash", "-c", moves + "sleep .1; xdotool mouseup 1"])


def empty():
    shot("1_empty")


def head():
    begun = time.perf_counter()
    in_view(bpy.ops.soliloquy.add_head, "EXEC_DEFAULT", True)
    REPORT["add_head_seconds"] = time.perf_counter() - begun
    view = area("VIEW_3D").spaces.active.region_3d
    view.view_rotation = (0.7071, 0.7071, 0.0, 0.0)
    view.view_rotation.normalize()
    view.view_perspective = "PERSP"
    view.view_location = (0.0, 0.0, -0.02)
    view.view_distance = 0.75
    area("VIEW_3D").spaces.active.clip_start = 0.01


def line():
    in_view(bpy.ops.soliloquy.add_line, "EXEC_DEFAULT", True, filepath=str(WAV))
    low = area("SEQUENCE_EDITOR")
    with bpy.context.temp_override(
        window=window(), screen=window().screen, area=low, region=region(low)
    ):
        bpy.ops.sequencer.view_all()


def strips():
    """Lay strips as a person does: go to a frame, choose an expression."""
    window().scene.frame_set(20)
    in_view(bpy.ops.soliloquy.add_expression, "EXEC_DEFAULT", True, expression="Smile")
    window().scene.frame_set(50)
    in_view(bpy.ops.soliloquy.add_strip, "EXEC_DEFAULT", True, au="AU4", intensity=0.4)
    window().scene.frame_set(1)
    low = area("SEQUENCE_EDITOR")
    low.spaces.active.show_region_ui = True
    with bpy.context.temp_override(
        window=window(), screen=window().screen, area=low, region=region(low)
    ):
        bpy.ops.sequencer.view_all()


def strip_tab():
    region(area("SEQUENCE_EDITOR"), "UI").active_panel_category = "Strip"


def unfold(name):
    """Show a panel that is folded at first."""
    panel = getattr(bpy.types, name)
    bpy.utils.unregister_class(panel)
    panel.bl_options = set()
    bpy.utils.register_class(panel)


def ready():
    shot("2_ready")


def _heartbeat():
    now = time.perf_counter()
    if STALL["last"] and STALL["watching"]:
        REPORT["longest_pause"] = max(REPORT["longest_pause"], now - STALL["last"])
    STALL["last"] = now
    return 0.005


def watch_pump():
    """Measure how long Blender is kept from its work by ours."""
    from bl_ext.user_default.soliloquy.generate.session import Session

    pump = Session.pump
    REPORT["longest_pump"] = 0.0

    def timed(self, *args, **arguments):
        begun = time.thread_time()  # what else runs on the machine is not ours
        more = pump(self, *args, **arguments)
        REPORT["longest_pump"] = max(REPORT["longest_pump"], time.thread_time() - begun)
        return more

    Session.pump = timed


def press():
    STALL["watching"] = True
    REPORT["pressed"] = sorted(in_view(bpy.ops.soliloquy.generate, "INVOKE_DEFAULT"))


def during():
    shot("3_running")


def after():
    STALL["watching"] = False
    REPORT["takes"] = [take.name for take in character().takes]
    window().scene.frame_set(30)


def done():
    shot("4_done")


def undo():
    in_view(bpy.ops.ed.undo)
    REPORT["takes_after_undo"] = len(character().takes)
    in_view(bpy.ops.ed.redo)
    REPORT["takes_after_redo"] = len(character().takes)


def press_again():
    character().generation.seed = 5
    in_view(bpy.ops.soliloquy.generate, "INVOKE_DEFAULT")


def escape():
    view = area("VIEW_3D")
    x, y = view.x + view.width // 3, window().height - (view.y + view.height // 2)
    subprocess.Popen(["bash", "-c", f"xdotool mousemove {x} {y}; sleep .2; xdotool key Escape"])


def escaped():
    shot("5_cancelled")
    REPORT["takes_after_escape"] = len(character().takes)


def au_strip():
    """The brow's: to its right is room, so that Blender has nothing to shuffle away from."""
    editor = window().scene.sequence_editor
    strips = getattr(editor, "strips", None)
    strips = editor.sequences if strips is None else strips
    return next(s for s in strips if s.type == "COLOR" and s.name.startswith("AU4"))


def drag_strip():
    """Take an AU strip by its middle and move it, as a person would."""
    low = area("SEQUENCE_EDITOR")
    lanes, strip = region(low), au_strip()
    REPORT["strip_before"] = int(strip.frame_final_start)
    middle = (strip.frame_final_start + strip.frame_final_end) / 2
    x, y = lanes.view2d.view_to_region(middle, strip.channel + 0.5)
    far, _ = lanes.view2d.view_to_region(middle + 15, strip.channel + 0.5)
    x, far, y = lanes.x + x, lanes.x + far, window().height - (lanes.y + y)
    path = [f"mousemove {x + (far - x) * i // 6} {y}" for i in range(1, 7)]
    gestures = [f"mousemove {x} {y}", "sleep .3", "mousedown 1", *path, "sleep .3", "mouseup 1"]
    drags.append(
        subprocess.Popen(["bash", "-c", "; sleep .1; ".join(f"xdotool {g}" for g in gestures)])
    )


def until_dragged():
    """On a loaded machine a drag can be missed: a person would try again."""
    if drags[-1].poll() is None:
        return False
    if au_strip().frame_final_start == REPORT["strip_before"] and len(drags) < 4:
        drag_strip()
        return False
    return None


def dragged():
    REPORT["strip_after"] = int(au_strip().frame_final_start)
    shot("2b_dragged")


def save_and_reopen():
    path = str(OUT / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)


def reopened():
    REPORT["takes_after_reopening"] = len(character().takes)
    key = character().meshes[0].object.data.shape_keys
    values = []
    for frame in (10, 20, 30, 40):
        window().scene.frame_set(frame)
        values.append(key.key_blocks["jawOpen"].value)
    REPORT["jaw_moves_after_reopening"] = max(values) - min(values)


def render():
    """F12 with strips in the Sequencer shows the 3D scene."""
    scene = window().scene
    REPORT["use_sequencer"] = scene.render.use_sequencer
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_percentage = 20
    scene.render.filepath = str(OUT / "render.png")
    camera = scene.camera
    camera.location = (0.0, character().meshes[0].object.location.y - 1.0, 0.0)
    camera.rotation_euler = (1.5708, 0.0, 0.0)
    camera.data.clip_start = 0.01
    bpy.ops.render.render(write_still=True)
    picture = bpy.data.images.load(scene.render.filepath)
    tones = {round(value, 2) for value in picture.pixels[:][0::4]}
    REPORT["tones_of_the_render"] = len(tones)


def leave():
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.soliloquy")
    REPORT["left_behind"] = hasattr(bpy.types.Scene, "soliloquy")


def wait():
    """Time passes."""


def until_over():
    import bl_ext.user_default.soliloquy.generate.session as running

    return not running.session().is_busy


STEPS = [
    install,
    layout,
    wait,
    open_tab,
    wait,
    wide,
    wait,
    wait,
    empty,
    head,
    wait,
    line,
    wait,
    strips,
    wait,
    strip_tab,
    wait,
    drag_strip,
    until_dragged,
    wait,
    dragged,
    ready,
    watch_pump,
    press,
    wait,
    during,
    until_over,
    wait,
    after,
    wait,
    done,
    undo,
    press_again,
    escape,
    wait,
    until_over,
    escaped,
    save_and_reopen,
    wait,
    reopened,
    render,
    leave,
]
place = [0]


def tick():
    step = STEPS[place[0]]
    try:
        if step() is False:
            return 0.5
    except Exception:  # noqa: BLE001  (the report tells the test)
        REPORT["errors"].append(f"{step.__name__}: {traceback.format_exc()}")
    place[0] += 1
    (OUT / "report.json").write_text(json.dumps(REPORT, indent=2))
    if place[0] >= len(STEPS):
        bpy.ops.wm.quit_blender()
        return None
    return 1.0


bpy.app.timers.register(tick, first_interval=3.0, persistent=True)
bpy.app.timers.register(_heartbeat, first_interval=1.0)
