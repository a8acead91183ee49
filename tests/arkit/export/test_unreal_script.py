"""The generated Unreal script, run whole against an editor that behaves as documented."""

from __future__ import annotations

import ast
import json
import runpy
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_in_unreal import FACE_SKELETON, AnimSequence, LevelSequence, StandIn, face_board

from arkit.clip import ArkitClip
from arkit.errors import ExportError
from arkit.export.metahuman import DRIVEN_AXES, board_values, raw_curves
from arkit.export.metahuman_tables import BOARD
from arkit.export.unreal_script import (
    AudioSamples,
    UnrealOptions,
    write_unreal_script,
    write_wav,
)
from arkit.names import INDEX

AXES = [(axis.control, axis.axis) for axis in BOARD]
SOUND = AudioSamples(np.sin(np.arange(16000) / 20).astype(np.float32), 16000)


def make_clip(n_frames: int = 30, fps: float = 30.0) -> ArkitClip:
    rng = np.random.default_rng(0)
    return ArkitClip(coefficients=rng.uniform(0, 1, (n_frames, 52)).astype(np.float32), fps=fps)


def project(**board: Any) -> StandIn:
    return StandIn(LevelSequence([face_board(AXES, **board)]))


def run(script: Path, editor: StandIn, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(sys.modules, "unreal", editor.module)
    return runpy.run_path(str(script), run_name="__main__")


def export(folder: Path, clip: ArkitClip, **options: Any) -> Path:
    report = write_unreal_script(clip, folder, "line_1", SOUND, UnrealOptions(**options))
    return report.files[0]


def test_an_anim_sequence_gets_every_raw_curve_with_a_key_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, editor = make_clip(), project()
    run(export(tmp_path, clip, steps=("anim_sequence",)), editor, monkeypatch)
    asset = editor.assets["/Game/Soliloquy/AS_line_1"]
    assert isinstance(asset, AnimSequence) and asset.saved
    assert asset.skeleton == "the face skeleton"
    assert (asset.controller.rate.numerator, asset.controller.rate.denominator) == (30, 1)
    assert asset.controller.n_intervals == 29 and asset.controller.bracket_depth == 0
    expected = raw_curves(clip.coefficients)
    assert set(asset.curves) == set(expected)
    for name, keys in asset.curves.items():
        times, values = zip(*keys, strict=True)
        assert times == pytest.approx(clip.times.tolist())
        assert values == pytest.approx(expected[name].tolist(), abs=1e-5)
    assert not editor.logs["log_error"]


def test_running_again_replaces_the_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = project()
    script = export(tmp_path, make_clip(), steps=("anim_sequence",))
    run(script, editor, monkeypatch)
    run(script, editor, monkeypatch)
    asset = editor.assets["/Game/Soliloquy/AS_line_1"]
    assert all(len(keys) == 30 for keys in asset.curves.values())
    assert editor.names_called().count("AssetTools.create_asset") == 1


def test_the_face_board_gets_all_axes_at_exact_ticks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, editor = make_clip(fps=25), project()
    run(export(tmp_path, clip, steps=("face_board",), start_seconds=2.0), editor, monkeypatch)
    assert editor.sequence is not None
    rig = editor.sequence.rigs[0]
    expected = board_values(clip.coefficients)
    assert set(rig.keys) == {axis.control for axis in DRIVEN_AXES}
    ticks = [round((2.0 + i / 25) * 24000) for i in range(30)]
    for control, keys in rig.keys.items():
        assert list(keys) == ticks
        for axis in ("x", "y"):
            wanted = expected.get(f"{control}.{axis}", np.zeros(30))
            if control in rig.pairs:
                got = [getattr(value, axis) for value in keys.values()]
            elif axis == "y":
                got = list(keys.values())
            else:
                continue
            assert got == pytest.approx(wanted.tolist(), abs=1e-5), (control, axis)
    assert "AnimationLibrary.add_curve" not in editor.names_called()


def test_every_call_on_the_board_names_sequence_rig_control_frames_values_and_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project()
    run(export(tmp_path, make_clip(3), steps=("face_board",)), editor, monkeypatch)
    keyed = [c for c in editor.calls if ".set_local_control_rig" in c[0]]
    controls = [arguments[2] for _, arguments, _ in keyed]
    assert len(controls) == len(set(controls)) == len({a.control for a in DRIVEN_AXES})
    for name, arguments, keywords in keyed:
        assert len(arguments) == 6 and not keywords
        is_pair = arguments[2] in editor.sequence.rigs[0].pairs
        assert name.endswith("vector2_ds" if is_pair else "floats")


def test_the_sound_is_imported_and_stands_where_the_motion_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project()
    run(export(tmp_path, make_clip(), steps=("audio",), start_seconds=1.5), editor, monkeypatch)
    assert editor.sequence is not None
    (track,) = editor.sequence.tracks
    (section,) = track.sections
    assert track.kind == "MovieSceneAudioTrack" and track.name == "Soliloquy line_1"
    assert section.sound.filename == str((tmp_path / "soliloquy_line_1.wav").resolve())
    assert section.seconds == pytest.approx((1.5, 2.5))


def test_all_steps_run_together_and_tell_what_they_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project()
    run(export(tmp_path, make_clip()), editor, monkeypatch)
    text = " ".join(editor.logs["log"])
    assert "AS_line_1" in text and "keyed" in text and "placed the sound" in text
    assert not editor.logs["log_error"] and not editor.logs["log_warning"]


def without_skeleton(editor: StandIn) -> None:
    del editor.assets[FACE_SKELETON]


def without_sequence(editor: StandIn) -> None:
    editor.sequence = None


def without_rig(editor: StandIn) -> None:
    editor.sequence = LevelSequence([face_board(AXES, name="Body_CtrlRig")])


def without(name: str) -> Any:
    return lambda editor: delattr(editor.module, name)


@pytest.mark.parametrize(
    ("step", "harm", "said"),
    [
        ("anim_sequence", without_skeleton, "import a MetaHuman first"),
        ("anim_sequence", without("AnimationLibrary"), "AnimationLibrary"),
        ("anim_sequence", without("EditorAssetLibrary"), "Editor Scripting Utilities"),
        ("face_board", without_sequence, "No Level Sequence is open"),
        (
            "face_board",
            without_rig,
            "no control rig Face_ControlBoard_CtrlRig (found: Body_CtrlRig)",
        ),
        ("face_board", without("ControlRigSequencerLibrary"), "plugin Control Rig"),
        ("face_board", without("LevelSequenceEditorBlueprintLibrary"), "Level Sequence Editor"),
        ("face_board", without("MovieSceneSequenceExtensions"), "plugin Sequencer Scripting"),
        ("audio", without_sequence, "No Level Sequence is open"),
        ("audio", without("AssetImportTask"), "AssetImportTask"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, harm: Any, said: str
) -> None:
    editor = project()
    harm(editor)
    before = dict(editor.assets)
    run(export(tmp_path, make_clip(3), steps=(step,)), editor, monkeypatch)
    (error,) = editor.logs["log_error"]
    assert said in error and step in error
    assert editor.assets == before
    assert not any("set_local" in name or "add_curve" in name for name in editor.names_called())


def test_one_step_that_cannot_run_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project()
    without_rig(editor)
    run(export(tmp_path, make_clip(3)), editor, monkeypatch)
    assert "/Game/Soliloquy/AS_line_1" in editor.assets
    assert len(editor.logs["log_error"]) == 1


def test_a_named_level_sequence_is_used_though_another_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, other = project(), LevelSequence([face_board(AXES)])
    editor.assets["/Game/Shots/Other"] = other
    script = export(
        tmp_path, make_clip(3), steps=("face_board",), level_sequence="/Game/Shots/Other"
    )
    run(script, editor, monkeypatch)
    assert other.rigs[0].keys and not editor.sequence.rigs[0].keys


def test_boards_and_editors_of_other_years_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_names = {"CTRL_C_tongue_move": "CTRL_C_tongue", "CTRL_C_tongue_wideNarrow":
                 "CTRL_C_tongue_narrowWide"}  # fmt: skip
    axes = [(old_names.get(c, c), a) for c, a in AXES if c != "CTRL_C_tongue_inOut"]
    editor = StandIn(LevelSequence([face_board(axes)]))
    library = editor.module.ControlRigSequencerLibrary
    library.set_local_control_rig_vector2ds = library.set_local_control_rig_vector2_ds
    del library.set_local_control_rig_vector2_ds
    editor.module.SequenceTimeUnit = editor.module.MovieSceneTimeUnit
    del editor.module.MovieSceneTimeUnit
    run(export(tmp_path, make_clip(3), steps=("face_board",)), editor, monkeypatch)
    assert "CTRL_C_tongue" in editor.sequence.rigs[0].keys
    assert any("CTRL_C_tongue_inOut" in line for line in editor.logs["log_warning"])


def test_an_editor_that_takes_plain_frame_counts_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = project()
    script = export(tmp_path, make_clip(), steps=("anim_sequence",))
    create = AnimSequence.__init__

    def old(self: AnimSequence, *arguments: Any) -> None:
        create(self, *arguments)
        self.controller.takes_plain_numbers = True

    monkeypatch.setattr(AnimSequence, "__init__", old)
    run(script, editor, monkeypatch)
    assert editor.assets["/Game/Soliloquy/AS_line_1"].controller.n_intervals == 29


@pytest.mark.parametrize(
    ("fps", "rate"), [(23.976, [24000, 1001]), (29.97, [30000, 1001]), (60.0, [60, 1])]
)
def test_rates_are_told_exactly(tmp_path: Path, fps: float, rate: list[int]) -> None:
    script = export(tmp_path, make_clip(fps=fps))
    assert json.loads(script.with_suffix(".json").read_text())["rate"] == rate


def test_lips_are_together_at_a_closure_with_the_jaw_open(tmp_path: Path) -> None:
    face = np.zeros((2, 52))
    face[:, INDEX["jawOpen"]], face[:, INDEX["mouthClose"]] = 0.4, 0.38
    script = export(tmp_path, ArkitClip(coefficients=face, fps=30))
    curves = json.loads(script.with_suffix(".json").read_text())["curves"]
    assert min(curves["CTRL_expressions_mouthLipsTogetherDR"]) >= 0.9


def test_the_script_runs_on_unreals_python_and_needs_only_its_standard_library(
    tmp_path: Path,
) -> None:
    source = export(tmp_path, make_clip(3)).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)
    assert "zip(" not in source or "strict=" not in source, "zip(strict=) needs Python 3.10"


def test_outside_unreal_it_says_where_to_run_it(tmp_path: Path) -> None:
    script = export(tmp_path, make_clip(3))
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Execute Python Script" in ended.stderr and "Traceback" not in ended.stderr


def test_a_lost_data_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor, script = project(), export(tmp_path, make_clip(3))
    script.with_suffix(".json").unlink()
    with pytest.raises(Exception, match="Keep it beside the script"):
        run(script, editor, monkeypatch)
    assert "soliloquy_line_1.json" in editor.logs["log_error"][0]


def test_sound_is_written_as_16_bit_and_copied_when_it_is(tmp_path: Path) -> None:
    source = tmp_path / "line.wav"
    assert write_wav(source, SOUND) == pytest.approx(1.0)
    with wave.open(str(source)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16000)
        read = np.frombuffer(sound.readframes(16000), "<i2") / 32767
    assert read == pytest.approx(SOUND.samples, abs=1e-4)
    report = write_unreal_script(make_clip(), tmp_path / "out", "x", source)
    assert report.files[2].read_bytes() == source.read_bytes()


def test_without_sound_the_audio_step_is_left_out(tmp_path: Path) -> None:
    report = write_unreal_script(make_clip(), tmp_path, "mute")
    data = json.loads(report.files[1].read_text())
    assert data["audio"] is None and "audio" not in data["settings"]["steps"]
    assert len(report.files) == 2


def test_a_sound_much_longer_than_the_motion_is_noted(tmp_path: Path) -> None:
    report = write_unreal_script(make_clip(6), tmp_path, "short", SOUND)
    assert any("lasts 1.00 s" in note for note in report.notes)


def test_what_unreal_would_refuse_is_refused_here(tmp_path: Path) -> None:
    text = tmp_path / "line.wav"
    text.write_text("not a sound")
    with pytest.raises(ExportError, match=r"16-bit PCM \.wav"):
        write_unreal_script(make_clip(), tmp_path, "a", text)
    with pytest.raises(ExportError, match="cannot name an Unreal asset"):
        write_unreal_script(make_clip(), tmp_path, "a b")
    with pytest.raises(ExportError, match="no content folder"):
        UnrealOptions(folder="Game")
    with pytest.raises(ExportError, match="steps are"):
        UnrealOptions(steps=("dance",))
    with pytest.raises(ExportError, match="finite samples"):
        write_wav(tmp_path / "b.wav", AudioSamples(np.array([np.nan], np.float32), 16000))
