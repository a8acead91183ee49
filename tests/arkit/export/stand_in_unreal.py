"""A module `unreal` that behaves as the editor's Python API is documented, and records all calls.

Strict where the editor is: two keys at one time, keys on a curve that was not added, a plain
number where a FrameNumber belongs, a wrong kind of control, or an asset that does not exist, are
errors. Classes and functions carry the documented Python names and argument order.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FACE_SKELETON = "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton"


class EngineCrashError(Exception):
    """What ends the editor: an assertion in C++."""


@dataclass(frozen=True)
class FrameNumber:
    value: int

    def __post_init__(self) -> None:
        if not isinstance(self.value, int):
            raise TypeError("FrameNumber: value must be int32")


@dataclass(frozen=True)
class FrameRate:
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Vector2D:
    x: float
    y: float


class Properties:
    """An object with editor properties."""

    allowed: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.properties: dict[str, Any] = {}

    def set_editor_property(self, name: str, value: Any) -> None:
        if name not in self.allowed:
            raise Exception(f"Failed to find property '{name}'")
        self.properties[name] = value

    def get_editor_property(self, name: str) -> Any:
        return self.properties[name]


class AnimSequenceFactory(Properties):
    allowed = ("target_skeleton", "preview_skeletal_mesh")


class AssetImportTask(Properties):
    allowed = (
        "filename", "destination_path", "destination_name", "automated", "replace_existing",
        "save", "factory", "options",
    )  # fmt: skip


@dataclass
class Controller:
    """Of one AnimSequence."""

    bracket_depth: int = 0
    rate: FrameRate | None = None
    n_intervals: int = 0
    takes_plain_numbers: bool = False

    def open_bracket(self, title: str, should_transact: bool = True) -> None:
        self.bracket_depth += 1

    def close_bracket(self, should_transact: bool = True) -> None:
        self.bracket_depth -= 1

    def set_frame_rate(self, rate: FrameRate, should_transact: bool = True) -> None:
        assert isinstance(rate, FrameRate)
        self.rate = rate

    def set_number_of_frames(self, number: Any, should_transact: bool = True) -> None:
        if self.takes_plain_numbers != isinstance(number, int):
            raise TypeError("set_number_of_frames: cannot convert the argument")
        self.n_intervals = number if isinstance(number, int) else number.value


@dataclass
class AnimSequence:
    name: str
    skeleton: Any
    controller: Controller = field(default_factory=Controller)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    saved: bool = False

    def get_editor_property(self, name: str) -> Any:
        assert name == "controller"
        return self.controller


@dataclass
class SoundWave:
    filename: str


@dataclass
class AudioSection:
    sound: SoundWave | None = None
    seconds: tuple[float, float] | None = None

    def set_sound(self, sound: SoundWave) -> None:
        assert isinstance(sound, SoundWave)
        self.sound = sound

    def set_range_seconds(self, start_time: float, end_time: float) -> None:
        assert end_time > start_time
        self.seconds = (start_time, end_time)


@dataclass
class Track:
    kind: str
    name: str = ""
    sections: list[AudioSection] = field(default_factory=list)

    def set_display_name(self, name: str) -> None:
        self.name = name

    def add_section(self) -> AudioSection:
        self.sections.append(AudioSection())
        return self.sections[-1]


@dataclass(frozen=True)
class RigKey:
    name: str


class Hierarchy:
    def __init__(self, names: set[str]) -> None:
        self._names = names

    def get_controls(self) -> list[RigKey]:
        return [RigKey(name) for name in sorted(self._names)]


class ControlRig:
    def __init__(self, name: str, floats: set[str], pairs: set[str]) -> None:
        self._name, self.floats, self.pairs = name, floats, pairs
        self.keys: dict[str, dict[int, Any]] = {}

    def get_name(self) -> str:
        return self._name

    def get_hierarchy(self) -> Hierarchy:
        return Hierarchy(self.floats | self.pairs)


@dataclass
class Proxy:
    control_rig: ControlRig


class LevelSequence:
    def __init__(self, rigs: list[ControlRig], ticks_per_second: int = 24000) -> None:
        self.rigs, self.tracks = rigs, []
        self._resolution = FrameRate(ticks_per_second, 1)

    def get_name(self) -> str:
        return "Shot"

    def get_tick_resolution(self) -> FrameRate:
        return self._resolution

    def add_track(self, kind: str) -> Track:
        self.tracks.append(Track(kind))
        return self.tracks[-1]


class Scope:
    """ScopedEditorTransaction and ScopedSlowTask."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.frames = 0

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def make_dialog(self, can_cancel: bool = False) -> None: ...

    def should_cancel(self) -> bool:
        return False

    def enter_progress_frame(self, work: float = 1.0, text: str = "") -> None:
        self.frames += 1


def face_board(axes: list[tuple[str, str]], name: str = "Face_ControlBoard_CtrlRig") -> ControlRig:
    """A board with the controls of a table of (control, axis)."""
    pairs = {control for control, axis in axes if axis == "x"}
    return ControlRig(name, {control for control, _ in axes} - pairs, pairs)


class StandIn:
    """The module and the project behind it."""

    def __init__(self, sequence: LevelSequence | None = None) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.logs: dict[str, list[str]] = {"log": [], "log_warning": [], "log_error": []}
        self.assets: dict[str, Any] = {FACE_SKELETON: "the face skeleton"}
        self.sequence = sequence
        self.module = types.ModuleType("unreal")
        self._fill()

    def names_called(self) -> list[str]:
        return [name for name, _, _ in self.calls]

    def recorded(self, name: str, function: Any) -> staticmethod:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.calls.append((name, arguments, keywords))
            return function(*arguments, **keywords)

        return staticmethod(call)

    def library(self, name: str, **functions: Any) -> None:
        members = {key: self.recorded(f"{name}.{key}", f) for key, f in functions.items()}
        setattr(self.module, name, type(name, (), members))

    def _fill(self) -> None:
        module: Any = self.module
        for kind in (FrameNumber, FrameRate, Vector2D, AnimSequenceFactory, AssetImportTask,
                     AnimSequence, SoundWave):  # fmt: skip
            setattr(module, kind.__name__, kind)
        module.ScopedEditorTransaction = module.ScopedSlowTask = Scope
        module.MovieSceneAudioTrack = "MovieSceneAudioTrack"
        module.MovieSceneSequenceExtensions = "the methods of sequences, by a plugin"
        module.RawCurveTrackTypes = types.SimpleNamespace(RCT_FLOAT="float")
        module.MovieSceneTimeUnit = types.SimpleNamespace(
            DISPLAY_RATE="display", TICK_RESOLUTION="ticks"
        )
        for level, lines in self.logs.items():
            setattr(module, level, lines.append)
        self.library(
            "EditorAssetLibrary",
            does_asset_exist=lambda path: path in self.assets,
            load_asset=self.assets.get,
            save_loaded_asset=self._save,
        )
        tools = types.SimpleNamespace(
            create_asset=self.recorded("AssetTools.create_asset", self._create).__func__,
            import_asset_tasks=self.recorded(
                "AssetTools.import_asset_tasks", self._import
            ).__func__,
        )
        self.library("AssetToolsHelpers", get_asset_tools=lambda: tools)
        self.library(
            "AnimationLibrary",
            does_curve_exist=lambda asset, name, kind: name in asset.curves,
            remove_curve=lambda asset, name, remove_name_from_skeleton=False: asset.curves.pop(
                name
            ),
            add_curve=self._add_curve,
            add_float_curve_keys=self._add_keys,
        )
        self.library(
            "LevelSequenceEditorBlueprintLibrary", get_current_level_sequence=lambda: self.sequence
        )
        self.library(
            "ControlRigSequencerLibrary",
            get_control_rigs=lambda sequence: [Proxy(rig) for rig in sequence.rigs],
            set_local_control_rig_floats=self._key_floats,
            set_local_control_rig_vector2_ds=self._key_pairs,
        )

    def _save(self, asset: AnimSequence) -> bool:
        asset.saved = True
        return True

    def _create(self, name: str, folder: str, kind: type, factory: AnimSequenceFactory) -> Any:
        assert kind is AnimSequence
        asset = AnimSequence(name, factory.get_editor_property("target_skeleton"))
        self.assets[f"{folder}/{name}"] = asset
        return asset

    def _import(self, tasks: list[AssetImportTask]) -> None:
        for task in tasks:
            p = task.properties
            assert p["automated"], "a dialog would block the editor"
            assert Path(p["filename"]).is_file()
            self.assets[f"{p['destination_path']}/{p['destination_name']}"] = SoundWave(
                p["filename"]
            )

    def _add_curve(
        self, asset: AnimSequence, name: str, kind: str = "float", meta_data_curve: bool = False
    ) -> None:
        if name in asset.curves:
            raise EngineCrashError(f"{name} is there already")
        assert kind == "float" and meta_data_curve is False
        asset.curves[name] = []

    def _add_keys(
        self, asset: AnimSequence, name: str, times: list[float], values: list[float]
    ) -> None:
        assert len(times) == len(values)
        keys = asset.curves[name]
        keys.extend(zip(times, values, strict=True))
        if len({round(t, 6) for t, _ in keys}) < len(keys):
            raise EngineCrashError("two keys at one time")

    def _key(self, kind: str, arguments: tuple[Any, ...]) -> None:
        sequence, rig, control, frames, values, unit = arguments
        assert rig in sequence.rigs and unit == "ticks"
        assert control in getattr(rig, kind), f"{control} is no control of this kind"
        assert len(frames) == len(values) and all(isinstance(f, FrameNumber) for f in frames)
        rig.keys.setdefault(control, {}).update(
            {frame.value: value for frame, value in zip(frames, values, strict=True)}
        )

    def _key_floats(self, *arguments: Any) -> None:
        assert all(isinstance(value, float) for value in arguments[4])
        self._key("floats", arguments)

    def _key_pairs(self, *arguments: Any) -> None:
        assert all(isinstance(value, Vector2D) for value in arguments[4])
        self._key("pairs", arguments)
