"""Operators of the Export panel."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, StringProperty

from ..character.meshes import active_character
from ..core.errors import SoliloquyError
from ..core.export_names import subject_name
from ..reporting import ReportsErrors
from ..takes.storage import playing_take
from ..ui import wrapped
from ..vendor import arkit_errors, live_link_csv
from .importing import read_take, turn_an_empty, write_as_take
from .job import build_export, take_number, why_not, why_not_to_folder
from .live import live_stream, start_stream, stop_stream
from .reading import clip_as_animated


class SOLILOQUY_OT_export_take(ReportsErrors, bpy.types.Operator):
    """Write the take that plays in the chosen formats."""

    bl_idname = "soliloquy.export_take"
    bl_label = "Export Take"
    bl_description = (
        "Write the take that plays, with your own edits of its keys, in the chosen formats; "
        "shows first what you should know"
    )

    @classmethod
    def poll(cls, context):
        """A take must play."""
        reason = why_not_to_folder(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context, _event):
        """Show what will be written, and what should be known before."""
        export = build_export(context)
        job = export.job
        self._said = [
            f"{job.clip.n_frames} frames, {job.clip.seconds:.2f} s at {job.clip.fps:g} per second.",
            f"Subject {job.subject}, slate {job.slate}, take {job.take}.",
            f"Into {export.folder}",
        ]
        self._warnings = export.warnings
        return context.window_manager.invoke_props_dialog(self, width=420)

    def draw(self, context):
        """The sentences."""
        for sentence in getattr(self, "_said", ()):
            wrapped(self.layout, context, sentence)
        for warning in getattr(self, "_warnings", ()):
            wrapped(self.layout, context, warning, "INFO")

    def execute(self, context):
        """Write, and keep the report for the panel."""
        settings = context.scene.soliloquy.export
        try:
            sentences = build_export(context).write(context)
        except (SoliloquyError, arkit_errors.ArkitError, OSError) as error:
            settings.said = str(error)
            raise
        settings.said = "\n".join(sentences)
        self.report({"INFO"}, " ".join(sentences))
        return {"FINISHED"}


class SOLILOQUY_OT_export_live_link_csv(ReportsErrors, bpy.types.Operator):
    """Write the take that plays as a Live Link Face CSV."""

    bl_idname = "soliloquy.export_live_link_csv"
    bl_label = "Live Link Face (.csv)"
    bl_description = (
        "Write the take that plays, with your own edits of its keys, as the CSV that Unreal and "
        "MetaHuman read from Live Link Face"
    )

    filepath: StringProperty(name="File", description="Where to write", subtype="FILE_PATH")
    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})
    fps: FloatProperty(
        name="Frame Rate",
        description="Frames per second of the CSV; Live Link Face records 60",
        default=60.0,
        min=1.0,
        max=240.0,
    )

    @classmethod
    def poll(cls, context):
        """A take must play."""
        reason = why_not(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context, _event):
        """Ask where."""
        character = active_character(context.scene)
        name = live_link_csv.live_link_file_name(
            subject_name(character.subject, character.name),
            take=take_number(character, playing_take(character)),
        )
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / name)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write it."""
        character = active_character(context.scene)
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(".csv")
        options = live_link_csv.CsvOptions(rows_per_second=self.fps)
        take = clip_as_animated(context.scene, character, playing_take(character))
        report = live_link_csv.write_live_link_csv(take, path, options)
        self.report({"INFO"}, " ".join([f"Written to {path}.", *report.notes]))
        return {"FINISHED"}


class SOLILOQUY_OT_import_take(ReportsErrors, bpy.types.Operator):
    """Put a recorded performance onto the character as a take."""

    bl_idname = "soliloquy.import_take"
    bl_label = "Soliloquy Take (.csv, .json, .npz)"
    bl_description = (
        "Put a Live Link Face CSV from a phone, or a take as JSON or npz, onto the character as a "
        "take; what played before stays in the list"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="The take", subtype="FILE_PATH")
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})
    start: EnumProperty(
        name="Start",
        description="Where the first row stands in the scene",
        items=(
            ("CURRENT", "Current Frame", "At the playhead"),
            ("TIMECODE", "Timecode", "At the frame of the file's own timecode"),
        ),
    )
    angle_unit: EnumProperty(
        name="Angles",
        description="Unit of the head and eye columns",
        items=(
            ("metahuman", "Degrees / 50", "As MetaHumans read them; exports give them back"),
            ("radians", "Radians", "As some tools write them"),
        ),
    )
    swap_mouth_sides: BoolProperty(
        name="Swap Mouth Sides",
        description="Exchange mouthLeft and mouthRight: phones name them as the observer sees them",
    )
    head_empty: BoolProperty(
        name="Head on an Empty",
        description="Add an empty that turns as the recorded head does, to parent a head to",
    )

    @classmethod
    def poll(cls, context):
        """There must be a character."""
        if active_character(context.scene) is None:
            cls.poll_message_set("There is no character to put it on.")
            return False
        return True

    def invoke(self, context, _event):
        """Ask which."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Read and write every file, the last one plays."""
        folder = Path(bpy.path.abspath(self.directory)) if self.directory else None
        named = [folder / entry.name for entry in self.files if entry.name] if folder else []
        paths = named or [Path(bpy.path.abspath(self.filepath))]
        takes = [read_take(path, self.angle_unit, self.swap_mouth_sides) for path in paths]
        notes: list[str] = []
        for path, take in zip(paths, takes, strict=True):
            notes += self._import(context, path, take)
        for note in dict.fromkeys(notes):
            self.report({"INFO"}, note)
        return {"FINISHED"}

    def _import(self, context, path, take):
        rate = context.scene.render.fps / context.scene.render.fps_base
        start = float(context.scene.frame_current)
        if self.start == "TIMECODE":
            start = float(take.provenance.get("start_seconds", 0.0)) * rate
        notes = write_as_take(context, take, path.stem, start)
        if self.head_empty and abs(take.head).max() > 0.0:
            turn_an_empty(context, take, path.stem, start)
        elif self.head_empty:
            notes.append(f"The head columns of {path.name} are all 0: no empty was added.")
        return [f"{path.name}: {take.n_frames} frames at {take.fps:g} per second.", *notes]


class SOLILOQUY_OT_live_link(ReportsErrors, bpy.types.Operator):
    """Start or stop sending to Unreal."""

    bl_idname = "soliloquy.live_link"
    bl_label = "Live Link"
    bl_description = (
        "Send the faces to Unreal over the network while Blender plays or scrubs, every character "
        "as a subject; press again to stop"
    )

    def execute(self, context):
        """Switch."""
        if live_stream() is not None:
            stop_stream()
            return {"FINISHED"}
        to = context.scene.soliloquy.export
        host = to.live_host.strip()
        start_stream(context.scene, host, to.live_port, to.live_rate, to.swap_mouth_sides)
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_export_take,
    SOLILOQUY_OT_export_live_link_csv,
    SOLILOQUY_OT_import_take,
    SOLILOQUY_OT_live_link,
)
