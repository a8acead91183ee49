"""The MetaHuman tables are whole, and the sums, clamps and the mouth rule hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.clip import ArkitClip, Contact
from arkit.closure import impose_closure
from arkit.errors import ExportError
from arkit.export.metahuman import (
    DRIVEN_AXES,
    DRIVEN_RAW,
    MetaHumanOptions,
    board_values,
    clip_curves,
    head_curves,
    raw_curves,
    write_rig_mapper_csv,
)
from arkit.export.metahuman_tables import ARKIT_TO_RAW, BOARD, RAW_CURVES, RAW_PREFIX
from arkit.names import ARKIT_NAMES, INDEX

faces = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).uniform(0, 1, (7, 52)))


def face_with(**values: float) -> np.ndarray:
    face = np.zeros((1, 52))
    for name, value in values.items():
        face[0, INDEX[name]] = value
    return face


def raw(**values: float) -> dict[str, float]:
    curves = raw_curves(face_with(**values))
    return {
        name.removeprefix(RAW_PREFIX): float(v[0]) for name, v in curves.items() if abs(v[0]) > 0
    }


def board(**values: float) -> dict[str, float]:
    return {key: float(v[0]) for key, v in board_values(face_with(**values)).items() if v[0] != 0}


def test_the_tables_have_the_counts_of_the_rig() -> None:
    assert len(BOARD) == 174 and len({axis.control for axis in BOARD}) == 161
    assert len(RAW_CURVES) == len(set(RAW_CURVES)) == 251
    assert len(DRIVEN_AXES) == 73
    assert set(ARKIT_TO_RAW) == set(ARKIT_NAMES) - {"mouthClose"}


def test_every_raw_curve_written_stands_in_the_table() -> None:
    written = raw_curves(np.ones((1, 52)))
    assert {name.removeprefix(RAW_PREFIX) for name in written} <= set(RAW_CURVES)
    assert all(name.startswith("CTRL_expressions_") for name in written)
    assert set(DRIVEN_RAW) <= set(RAW_CURVES)


@pytest.mark.parametrize(
    ("pose", "curves"),
    [
        ({"eyeBlinkLeft": 1.0}, {"eyeBlinkL": 1.0}),
        ({"eyeLookInLeft": 0.5}, {"eyeLookRightL": 0.5}),
        ({"eyeLookInRight": 0.5}, {"eyeLookLeftR": 0.5}),
        ({"mouthShrugLower": 1.0}, {"jawChinRaiseDL": 1.0, "jawChinRaiseDR": 1.0}),
        ({"mouthPressLeft": 0.4}, {"mouthPressUL": 0.4, "mouthPressDL": 0.4}),
        ({"jawOpen": 0.5, "mouthClose": 0.25}, {
            "jawOpen": 0.5, "mouthLipsTogetherUL": 0.5, "mouthLipsTogetherUR": 0.5,
            "mouthLipsTogetherDL": 0.5, "mouthLipsTogetherDR": 0.5}),
        ({"mouthClose": 0.9}, {}),
    ],
)  # fmt: skip
def test_poses_give_the_references_raw_curves(
    pose: dict[str, float], curves: dict[str, float]
) -> None:
    assert raw(**pose) == pytest.approx(curves)


@pytest.mark.parametrize(
    ("pose", "axes"),
    [
        ({"eyeBlinkLeft": 0.3, "eyeWideLeft": 1.0}, {"CTRL_L_eye_blink.y": -0.7}),
        ({"eyeLookInLeft": 1.0}, {"CTRL_L_eye.x": -1.0}),
        ({"eyeLookInRight": 1.0}, {"CTRL_R_eye.x": 1.0}),
        ({"jawLeft": 0.6}, {"CTRL_C_jaw.x": -0.6}),
        ({"jawForward": 0.6}, {"CTRL_C_jaw_fwdBack.y": -0.6}),
        ({"mouthLeft": 0.6}, {"CTRL_C_mouth.x": 0.6}),
        ({"browInnerUp": 0.8, "browOuterUpLeft": 0.7}, {
            "CTRL_L_brow_lateral.y": 0.8, "CTRL_R_brow_lateral.y": 0.8,
            "CTRL_L_brow_raiseIn.y": 1.0, "CTRL_R_brow_raiseIn.y": 0.8,
            "CTRL_L_brow_raiseOut.y": 0.7}),
        ({"mouthRollLower": 0.5, "mouthRollUpper": 0.5}, {
            "CTRL_L_mouth_lipsRollU.y": 0.7482, "CTRL_R_mouth_lipsRollU.y": 0.7482,
            "CTRL_L_mouth_lipsRollD.y": 0.5, "CTRL_R_mouth_lipsRollD.y": 0.5}),
        ({"tongueOut": 1.0}, {
            "CTRL_C_tongue_inOut.y": -0.7689, "CTRL_C_tongue_move.y": -0.826,
            "CTRL_C_tongue_move.x": -0.0698, "CTRL_C_tongue_wideNarrow.y": 0.6278,
            "CTRL_C_tongue_bendTwist.y": -0.2473}),
        ({"cheekPuff": 0.4}, {
            "CTRL_L_mouth_suckBlow.y": 0.4, "CTRL_R_mouth_suckBlow.y": 0.4,
            "CTRL_L_mouth_lipsBlow.y": 0.4, "CTRL_R_mouth_lipsBlow.y": 0.4}),
    ],
)  # fmt: skip
def test_poses_give_the_references_board(pose: dict[str, float], axes: dict[str, float]) -> None:
    assert board(**pose) == pytest.approx(axes)


@given(faces)
def test_every_axis_stays_in_its_range_and_every_raw_curve_in_0_to_1(face: np.ndarray) -> None:
    values = board_values(face * 1.5)
    for axis in DRIVEN_AXES:
        assert axis.low <= values[axis.key].min() and values[axis.key].max() <= axis.high
    for curve in raw_curves(face * 1.5).values():
        assert curve.min() >= 0 and curve.max() <= 1


@given(faces)
def test_board_and_raw_curves_agree_where_nothing_clamps(face: np.ndarray) -> None:
    face = face * 0.3
    axes, curves = board_values(face), raw_curves(face)
    still = np.zeros(len(face))
    for axis in DRIVEN_AXES:
        plus = curves.get(RAW_PREFIX + axis.plus, still)
        minus = curves.get(RAW_PREFIX + axis.minus, still)
        assert axes[axis.key] == pytest.approx(plus - minus, abs=1e-6)


@given(faces)
def test_the_face_of_a_closure_has_its_lips_together(face: np.ndarray) -> None:
    times = np.arange(len(face)) / 25
    closed = impose_closure(face, times, [Contact("lips", 0.0, 1.0)])
    jaw_open = closed[:, INDEX["jawOpen"]] > 0.01
    together = raw_curves(closed)["CTRL_expressions_mouthLipsTogetherUL"]
    assert (together[jaw_open] >= 0.9).all()


def test_mouth_sides_and_old_names_on_demand() -> None:
    swapped = board_values(face_with(mouthLeft=0.6), MetaHumanOptions(swap_mouth_sides=True))
    assert swapped["CTRL_C_mouth.x"][0] == pytest.approx(-0.6)
    old = raw_curves(face_with(tongueOut=1.0), MetaHumanOptions(old_rig=True))
    assert old["CTRL_expressions_tongueRollDown"][0] == pytest.approx(0.2473)
    assert "CTRL_expressions_tongueBendDown" not in old


def test_the_head_crosses_its_axes() -> None:
    head = np.radians([[10.0, 20.0, 30.0]])
    clip = ArkitClip(coefficients=np.zeros((1, 52)), fps=30, head=head)
    curves = {name: float(v[0]) for name, v in head_curves(clip).items()}
    assert curves == pytest.approx(
        {"HeadYaw": -20.0, "HeadPitch": 30.0, "HeadRoll": 10.0, "HeadControlSwitch": 1.0}
    )
    assert "HeadYaw" in clip_curves(clip, MetaHumanOptions(head=True))
    assert "HeadYaw" not in clip_curves(clip)


def test_the_rig_mapper_csv_is_long_and_whole(tmp_path: Path) -> None:
    clip = ArkitClip(coefficients=np.full((4, 52), 0.25), fps=24)
    report = write_rig_mapper_csv(clip, tmp_path / "line.csv")
    lines = (tmp_path / "line.csv").read_text().splitlines()
    assert lines[0] == "curve_name,frame_number,value"
    assert len(lines) == 1 + 4 * len(DRIVEN_RAW)
    assert "CTRL_expressions_jawOpen,3,0.250000" in lines
    assert report.n_rows == 4


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ExportError, match=r"\[T, 52\]"):
        raw_curves(np.zeros((3, 51)))


def test_the_tables_are_the_references() -> None:
    default = Path(__file__).parents[4] / "shared" / "reference"
    path = Path(os.environ.get("SOLILOQUY_REFERENCE", default)) / "metahuman_map.json"
    if not path.is_file():
        pytest.skip("the reference tables are not on this machine")
    reference = json.loads(path.read_text())
    ours = {pascal(n): curves for n, curves in ARKIT_TO_RAW.items()}
    theirs = {
        name: {c.replace("tongueRollDown", "tongueBendDown"): w for c, w in curves.items()}
        for name, curves in reference["arkit_to_raw"].items()
    }
    assert ours == theirs
    assert {axis.key for axis in DRIVEN_AXES} == set(reference["board_from_arkit"])
    assert {axis.key: [axis.low, axis.high] for axis in BOARD} == reference["board_range"]
    rng = np.random.default_rng(0)
    face = rng.uniform(0, 1, (1, 52))
    values = board_values(face)
    ratio = float(np.clip(face[0, INDEX["mouthClose"]] / face[0, INDEX["jawOpen"]], 0, 1))
    for key, terms in reference["board_from_arkit"].items():
        total = sum(
            weight * (ratio if "clamp" in name else face[0, INDEX[camel(name)]])
            for weight, name in terms
        )
        low, high = reference["board_range"][key]
        assert values[key][0] == pytest.approx(np.clip(total, low, high), abs=1e-6), key


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def camel(name: str) -> str:
    return name[0].lower() + name[1:]
