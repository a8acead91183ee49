"""Plays a Soliloquy line into Unreal. Run inside the Unreal editor: Tools > Execute Python Script.

The export copies this file beside a `.json` of the same name (curves, times, settings) and the
`.wav` of the line. It needs nothing but Unreal's own Python (3.9 or later). It first looks whether
plugins and assets are there and says what is missing; only then it writes.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FORMAT = "soliloquy-unreal/1"
STEPS = ("anim_sequence", "face_board", "audio")


class MissingError(Exception):
    """Something in the project or the editor is not there; the message says what to do."""


def load_data(script_path: str) -> dict[str, Any]:
    """Read the .json beside this script."""
    path = Path(script_path).resolve().with_suffix(".json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingError(
            f"The data file {path} cannot be read ({error}). Keep it beside the script."
        ) from error
    if data.get("format") != FORMAT:
        raise MissingError(f"{path} was not written for this script; export again.")
    data["folder"] = path.parent
    return data


class Line:
    """One line on its way into the editor: the module `unreal`, the data, what was done."""

    def __init__(self, unreal: Any, data: dict[str, Any]) -> None:
        self.unreal = unreal
        self.data = data
        self.settings = data["settings"]
        self.done: list[str] = []
        self.missing: list[str] = []
        self.sequence: Any = None
        self.face_rig: Any = None
        self.skeleton: Any = None

    # Looking first -------------------------------------------------------------------------

    def need(self, name: str, plugin: str) -> Any:
        """Return a class of the editor, or say which plugin brings it."""
        found = getattr(self.unreal, name, None)
        if found is None:
            raise MissingError(
                f"Unreal's Python has no {name}: enable the plugin {plugin} (Edit > Plugins) and "
                "restart the editor."
            )
        return found

    def find_asset(self, paths: Sequence[str], what: str) -> Any:
        """Load the first asset that exists."""
        library = self.need("EditorAssetLibrary", "Editor Scripting Utilities")
        for path in paths:
            if library.does_asset_exist(path):
                return library.load_asset(path)
        raise MissingError(
            "{} is not in the project; looked for {}.".format(what, ", ".join(paths))
        )

    def check_anim_sequence(self) -> None:
        """An AnimSequence needs the skeleton of MetaHuman faces."""
        for name in ("AnimationLibrary", "AnimSequenceFactory", "AssetToolsHelpers"):
            self.need(name, "Animation (part of the editor)")
        self.skeleton = self.find_asset(
            self.settings["skeletons"],
            "The skeleton of MetaHuman faces (import a MetaHuman first)",
        )

    def check_face_board(self) -> None:
        """Keys on the board need a Level Sequence that holds a MetaHuman with its face rig."""
        library = self.need("ControlRigSequencerLibrary", "Control Rig")
        sequence = self.find_sequence()
        names = []
        for proxy in library.get_control_rigs(sequence):
            rig = proxy.control_rig
            names.append(rig.get_name())
            if self.settings["face_rig"] in rig.get_name():
                self.face_rig = rig
                return
        raise MissingError(
            "The Level Sequence {} has no control rig {} (found: {}). Drag the MetaHuman into it, "
            "and on its Face track add Control Rig > Face_ControlBoard_CtrlRig.".format(
                sequence.get_name(), self.settings["face_rig"], ", ".join(names) or "none"
            )
        )

    def check_audio(self) -> None:
        """Audio needs its file, and a Level Sequence to stand in."""
        self.need("AssetImportTask", "Editor Scripting Utilities")
        self.need("MovieSceneAudioTrack", "Sequencer (part of the editor)")
        path = self.audio_path()
        if not path.is_file():
            raise MissingError(f"The sound {path} is not beside the script; export again.")
        self.find_sequence()

    def audio_path(self) -> Path:
        """Where the sound lies, beside the script."""
        return self.data["folder"] / self.data["audio"]["file"]

    def find_sequence(self) -> Any:
        """The Level Sequence named in the settings, else the one that is open."""
        if self.sequence is not None:
            return self.sequence
        self.need("MovieSceneSequenceExtensions", "Sequencer Scripting")
        path = self.settings["level_sequence"]
        if path:
            self.sequence = self.find_asset([path], "The Level Sequence")
        else:
            library = self.need("LevelSequenceEditorBlueprintLibrary", "Level Sequence Editor")
            self.sequence = library.get_current_level_sequence()
        if self.sequence is None:
            raise MissingError(
                "No Level Sequence is open: open the one with your MetaHuman and run this again."
            )
        return self.sequence

    def check(self) -> list[str]:
        """Return the steps that can run; what is missing for the others is kept and logged."""
        ready = []
        for step in self.settings["steps"]:
            try:
                getattr(self, "check_" + step)()
                ready.append(step)
            except MissingError as error:
                self.missing.append(f"{step}: {error}")
                self.unreal.log_error("Soliloquy, " + self.missing[-1])
        return ready

    # Writing -------------------------------------------------------------------------------

    def write_anim_sequence(self) -> None:
        """An AnimSequence with one float curve per raw curve, one key a frame."""
        unreal, name = self.unreal, self.data["name"]
        folder = self.settings["folder"]
        asset = self.open_or_create(folder, "AS_" + name)
        controller = asset.get_editor_property("controller")
        n_frames = self.data["n_frames"]
        controller.open_bracket("Soliloquy line", False)
        try:
            rate = unreal.FrameRate(*self.data["rate"])
            controller.set_frame_rate(rate, False)
            # A sequence of n intervals holds n + 1 samples.
            last = max(1, n_frames - 1)
            try:
                controller.set_number_of_frames(unreal.FrameNumber(last), False)
            except TypeError:  # Unreal 5.0 and 5.1 take a plain number
                controller.set_number_of_frames(last, False)
        finally:
            controller.close_bracket(False)
        self.write_curves(asset)
        unreal.EditorAssetLibrary.save_loaded_asset(asset)
        self.say("wrote {} curves to {}/AS_{}".format(len(self.data["curves"]), folder, name))

    def open_or_create(self, folder: str, name: str) -> Any:
        """The AnimSequence of that name, made if need be."""
        unreal = self.unreal
        path = f"{folder}/{name}"
        if unreal.EditorAssetLibrary.does_asset_exist(path):
            return unreal.EditorAssetLibrary.load_asset(path)
        factory = unreal.AnimSequenceFactory()
        factory.set_editor_property("target_skeleton", self.skeleton)
        tools = unreal.AssetToolsHelpers.get_asset_tools()
        asset = tools.create_asset(name, folder, unreal.AnimSequence, factory)
        if asset is None:
            raise MissingError(f"Unreal would not create {path}; is the folder writable?")
        return asset

    def write_curves(self, asset: Any) -> None:
        """Replace our curves; two keys at one time crash the editor, so times are per frame."""
        unreal, library = self.unreal, self.unreal.AnimationLibrary
        kind = unreal.RawCurveTrackTypes.RCT_FLOAT
        numerator, denominator = self.data["rate"]
        times = [frame * denominator / numerator for frame in range(self.data["n_frames"])]
        for name, values in self.progress(self.data["curves"], "Writing curves"):
            if library.does_curve_exist(asset, name, kind):
                library.remove_curve(asset, name, False)
            library.add_curve(asset, name, kind, False)
            library.add_float_curve_keys(asset, name, times, values)

    def write_face_board(self) -> None:
        """Keys on the control board, at exact times whatever the sequence's own rate."""
        unreal, sequence = self.unreal, self.find_sequence()
        frames = self.ticks(sequence)
        unit = self.tick_unit()
        library = unreal.ControlRigSequencerLibrary
        set_pairs = self.pair_setter(library)
        known = self.known_controls()
        absent = []
        with unreal.ScopedEditorTransaction("Soliloquy line"):
            for control, axes in self.progress(self.data["board"], "Keying the face board"):
                name = next((n for n in axes["names"] if known is None or n in known), None)
                if name is None:
                    absent.append(control)
                elif "pairs" in axes:
                    pairs = [unreal.Vector2D(x, y) for x, y in axes["pairs"]]
                    set_pairs(sequence, self.face_rig, name, frames, pairs, unit)
                else:
                    library.set_local_control_rig_floats(
                        sequence, self.face_rig, name, frames, axes["values"], unit
                    )
        n_controls = len(self.data["board"]) - len(absent)
        self.say(f"keyed {n_controls} controls over {len(frames)} frames")
        if absent:
            unreal.log_warning("Soliloquy: this board has no " + ", ".join(sorted(absent)))

    def ticks(self, sequence: Any) -> list[Any]:
        """Frame numbers in tick resolution, counted from the start wanted."""
        resolution = sequence.get_tick_resolution()
        per_second = resolution.numerator / resolution.denominator
        numerator, denominator = self.data["rate"]
        start = float(self.settings["start_seconds"])
        return [
            self.unreal.FrameNumber(round((start + frame * denominator / numerator) * per_second))
            for frame in range(self.data["n_frames"])
        ]

    def tick_unit(self) -> Any:
        """The unit of those frame numbers, under either of its names."""
        unit = getattr(self.unreal, "MovieSceneTimeUnit", None)
        if unit is None:
            unit = self.need("SequenceTimeUnit", "Sequencer Scripting")
        return unit.TICK_RESOLUTION

    def pair_setter(self, library: Any) -> Callable[..., Any]:
        """The bulk setter for two-axis controls; Unreal spells its Python name in two ways."""
        for name in ("set_local_control_rig_vector2_ds", "set_local_control_rig_vector2ds"):
            setter = getattr(library, name, None)
            if setter is not None:
                return setter
        raise MissingError(
            "This Unreal cannot key two-axis controls from Python; use 5.0 or later."
        )

    def known_controls(self) -> set[str] | None:
        """Names of the controls on this board, or None where the editor does not tell."""
        try:
            hierarchy = self.face_rig.get_hierarchy()
            return {str(key.name) for key in hierarchy.get_controls()}
        except (AttributeError, TypeError):
            return None

    def write_audio(self) -> None:
        """Import the sound and put it where the first key stands."""
        unreal, audio = self.unreal, self.data["audio"]
        sound = self.import_sound()
        sequence = self.find_sequence()
        add_track = getattr(sequence, "add_track", None) or sequence.add_master_track
        track = add_track(unreal.MovieSceneAudioTrack)
        track.set_display_name("Soliloquy " + self.data["name"])
        section = track.add_section()
        section.set_sound(sound)
        start = float(self.settings["start_seconds"])
        section.set_range_seconds(start, start + float(audio["seconds"]))
        self.say("placed the sound at {:.3f} s for {:.3f} s".format(start, audio["seconds"]))

    def import_sound(self) -> Any:
        """Import the .wav as a SoundWave."""
        unreal, name = self.unreal, "SW_" + self.data["name"]
        task = unreal.AssetImportTask()
        for key, value in (
            ("filename", str(self.audio_path())),
            ("destination_path", self.settings["folder"]),
            ("destination_name", name),
            ("automated", True),
            ("replace_existing", True),
            ("save", True),
        ):
            task.set_editor_property(key, value)
        unreal.AssetToolsHelpers.get_asset_tools().import_asset_tasks([task])
        sound = unreal.EditorAssetLibrary.load_asset("{}/{}".format(self.settings["folder"], name))
        if sound is None:
            raise MissingError(f"Unreal did not import {self.audio_path()}; see the log.")
        return sound

    # Telling -------------------------------------------------------------------------------

    def progress(self, items: dict[str, Any], title: str) -> Iterator[tuple[str, Any]]:
        """Go through items with Unreal's progress bar."""
        with self.unreal.ScopedSlowTask(len(items), "Soliloquy: " + title) as task:
            task.make_dialog(True)
            for item in items.items():
                if task.should_cancel():
                    raise MissingError("Cancelled; undo to go back.")
                task.enter_progress_frame(1)
                yield item

    def say(self, sentence: str) -> None:
        """Log what was done."""
        self.done.append(sentence)
        self.unreal.log("Soliloquy: " + sentence)

    def run(self) -> None:
        """Check everything, then write what can be written."""
        for step in self.check():
            try:
                getattr(self, "write_" + step)()
            except MissingError as error:
                self.missing.append(f"{step}: {error}")
                self.unreal.log_error("Soliloquy, " + self.missing[-1])
        if self.done:
            self.unreal.log("Soliloquy: done.")


def main(script_path: str) -> Line:
    """Run the line that lies beside the script."""
    try:
        unreal = importlib.import_module("unreal")
    except ImportError as error:
        raise SystemExit(
            "Run this inside the Unreal editor: Tools > Execute Python Script. There is no Unreal "
            "here."
        ) from error
    try:
        data = load_data(script_path)
    except MissingError as error:
        unreal.log_error(f"Soliloquy: {error}")
        raise
    line = Line(unreal, data)
    line.run()
    return line


if __name__ == "__main__":
    main(__file__)
