"""Set up the engine, cancel that, and see what went wrong."""

from __future__ import annotations

import textwrap
from functools import partial
from typing import Any, Final

import bpy
from bpy.props import StringProperty

from ..core.engine_plan import EnginePlan
from ..core.errors import EngineError, SoliloquyError
from ..reporting import ReportsErrors
from ..ui import redraw_sidebars
from .engine import begin_setup, engine_plan, is_setting_up, may_download, setup

_DIALOG_WIDTH: Final = 460  # pixels at a scale of 1
_DIALOG_CHARACTERS: Final = 68


class SOLILOQUY_OT_set_up_engine(ReportsErrors, bpy.types.Operator):
    """Make the private environment in which the server runs."""

    bl_idname = "soliloquy.set_up_engine"
    bl_label = "Set Up Engine"
    bl_description = (
        "Make a private Python environment with Soliloquy's server, by Blender's own Python. "
        "Nothing else on this computer is changed; can be cancelled and gone on with"
    )

    afterwards: StringProperty(
        name="Afterwards",
        description="Class name of the operator that is begun when the engine is ready",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, _context):
        """Not twice."""
        if is_setting_up():
            cls.poll_message_set("The engine is being set up.")
            return False
        return True

    def invoke(self, context, _event):
        """Say what will be done, and ask."""
        self._plan = engine_plan()
        text = "Set Up" if may_download() else "Allow Online Access and Set Up"
        return context.window_manager.invoke_props_dialog(
            self, width=_DIALOG_WIDTH, title="Set Up Soliloquy's Engine", confirm_text=text
        )

    def draw(self, _context):
        """What will be fetched, and where it goes."""
        column = self.layout.column(align=True)
        for text in _explained(self._plan):
            for line in textwrap.wrap(text, _DIALOG_CHARACTERS):
                column.label(text=line)
        self._allows = not may_download()
        if self._allows:
            text = "Blender's online access is off. The button below allows it."
            column.label(text=text, icon="INTERNET_OFFLINE")

    def execute(self, context):
        """Begin; in background mode also wait for the end."""
        afterwards = partial(_go_on, self.afterwards) if self.afterwards else None
        system = context.preferences.system
        allowed = system.use_online_access
        if getattr(self, "_allows", False):  # only the dialog's button, which says so
            system.use_online_access = True
        try:
            begin_setup(afterwards)
        except SoliloquyError:
            system.use_online_access = allowed
            raise
        if bpy.app.background:
            return self._wait()
        return {"FINISHED"}

    def _wait(self):
        running = setup()
        if not running.wait():
            raise EngineError(running.error)
        return {"FINISHED"}


def _explained(plan: EnginePlan) -> list[str]:
    build = plan.build
    if plan.wheel_folder is not None:
        source = f"It is made from the wheels in {plan.wheel_folder}."
    else:
        source = (
            f"About {build.download_bytes / 1e9:.1f} GB are downloaded from pypi.org"
            f"{' and download.pytorch.org' if build.index else ''}."
        )
    return [
        "The engine performs your lines on this computer. It is set up once.",
        f"{source} {build.room_bytes / 1e9:.0f} GB must be free. {build.why}",
        f"It goes into {plan.folder}",
    ]


def _go_on(operator: str) -> None:
    """Begin what the engine was set up for, as if its button were pressed again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                region = next(r for r in area.regions if r.type == "WINDOW")
                with bpy.context.temp_override(window=window, area=area, region=region):
                    run = operator_of(operator)
                    if run.poll():
                        run("INVOKE_DEFAULT")
                return


def operator_of(class_name: str) -> Any:
    """The operator of a class, SOLILOQUY_OT_generate: what `bl_idname` of an instance gives."""
    module, name = class_name.split("_OT_")
    return getattr(getattr(bpy.ops, module.lower()), name)


class SOLILOQUY_OT_cancel_set_up(ReportsErrors, bpy.types.Operator):
    """Stop the set-up of the engine."""

    bl_idname = "soliloquy.cancel_set_up"
    bl_label = "Cancel Set-Up"
    bl_description = "Stop; what was downloaded is kept, and setting up again goes on from there"

    @classmethod
    def poll(cls, _context):
        """Only while one runs."""
        if not is_setting_up():
            cls.poll_message_set("The engine is not being set up.")
            return False
        return True

    def execute(self, _context):
        """Stop."""
        setup().cancel()
        redraw_sidebars()
        return {"FINISHED"}


class SOLILOQUY_OT_show_log(ReportsErrors, bpy.types.Operator):
    """Open a log as a text in Blender."""

    bl_idname = "soliloquy.show_log"
    bl_label = "Show Log"
    bl_description = "Open what was said as a text, in a window of Blender's text editor"

    path: StringProperty(name="Log", description="The file", subtype="FILE_PATH")

    def execute(self, context):
        """Load it, and show it in a new window."""
        try:
            text = bpy.data.texts.load(self.path, internal=True)
        except RuntimeError as error:
            raise EngineError(f"The log cannot be read: {error}") from error
        if bpy.app.background:
            return {"FINISHED"}
        bpy.ops.wm.window_new()
        area = context.window_manager.windows[-1].screen.areas[0]
        area.type = "TEXT_EDITOR"
        area.spaces.active.text = text
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_set_up_engine, SOLILOQUY_OT_cancel_set_up, SOLILOQUY_OT_show_log)
