"""Every naming family matches whole; what only looks right is offered, never taken."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.errors import MatchError
from arkit.export.metahuman_tables import ARKIT_TO_RAW, LIPS_TOGETHER
from arkit.matching import MatchPreset, Override, match
from arkit.names import ARKIT_NAMES, INDEX


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def short(name: str) -> str:
    if name in {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}:
        return name
    return name.replace("Left", "_L").replace("Right", "_R")


def reallusion(name: str) -> str:
    words = "".join(f"_{c}" if c.isupper() else c for c in name)
    return f"A{INDEX[name]:02d}_" + "_".join(word.capitalize() for word in words.split("_"))


def snake(name: str) -> str:
    return reallusion(name)[4:].lower()


FAMILIES = {
    "camel": str,
    "pascal": pascal,
    "short": short,
    "reallusion": reallusion,
    "snake": snake,
    "lower": str.lower,
    "upper snake": lambda name: snake(name).upper(),
    "spaces": lambda name: snake(name).replace("_", " "),
    "dashes": lambda name: snake(name).replace("_", "-"),
    "maya": lambda name: f"blendShape2.{name}",
    "namespace": lambda name: f"hero:head_geo.{short(name)}",
    "lod mesh": lambda name: f"head_lod0_mesh__{name}",
    "prefix words": lambda name: f"Face_BS_{short(name)}",
    "copy": lambda name: f"{name}.001",
}


def words(text: str) -> list[str]:
    return text.split()


FACESCAPE = words(
    "BrowsU_C LipsTogether JawFwd LipsPucker LipsFunnel LipsUpperClose LipsLowerClose "
    "ChinLowerRaise ChinUpperRaise Puff JawOpen JawLeft JawRight MouthLeft MouthRight BrowsD_L "
    "BrowsU_L EyeBlink_L EyeSquint_L EyeOpen_L EyeUp_L EyeDown_L EyeOut_L EyeIn_L CheekSquint_L "
    "Sneer_L MouthSmile_L MouthFrown_L MouthDimple_L LipsStretch_L MouthPress_L LipsLowerDown_L "
    "LipsUpperUp_L BrowsD_R BrowsU_R EyeBlink_R EyeSquint_R EyeOpen_R EyeUp_R EyeDown_R EyeOut_R "
    "EyeIn_R CheekSquint_R Sneer_R MouthSmile_R MouthFrown_R MouthDimple_R LipsStretch_R "
    "MouthPress_R LipsLowerDown_R LipsUpperUp_R"
)
CC4 = words(
    "Brow_Raise_Inner_L Brow_Raise_Inner_R Cheek_Puff_L Cheek_Puff_R Mouth_Funnel_Up_L "
    "Mouth_Funnel_Up_R Mouth_Funnel_Down_L Mouth_Funnel_Down_R Mouth_Pucker_Up_L "
    "Mouth_Pucker_Up_R Mouth_Pucker_Down_L Mouth_Pucker_Down_R Mouth_Roll_In_Lower_L "
    "Mouth_Roll_In_Lower_R Mouth_Roll_In_Upper_L Mouth_Roll_In_Upper_R Mouth_Shrug_Lower "
    "Mouth_Shrug_Upper Mouth_Close Jaw_Open Jaw_Forward Jaw_L Jaw_R Mouth_L Mouth_R Tongue_Out "
    "Brow_Drop_L Brow_Raise_Outer_L Eye_Blink_L Eye_Squint_L Eye_Wide_L Eye_L_Look_Up "
    "Eye_L_Look_Down Eye_L_Look_L Eye_L_Look_R Cheek_Raise_L Nose_Sneer_L Mouth_Smile_L "
    "Mouth_Frown_L Mouth_Dimple_L Mouth_Stretch_L Mouth_Press_L Mouth_Down_Lower_L "
    "Mouth_Up_Upper_L Brow_Drop_R Brow_Raise_Outer_R Eye_Blink_R Eye_Squint_R Eye_Wide_R "
    "Eye_R_Look_Up Eye_R_Look_Down Eye_R_Look_R Eye_R_Look_L Cheek_Raise_R Nose_Sneer_R "
    "Mouth_Smile_R Mouth_Frown_R Mouth_Dimple_R Mouth_Stretch_R Mouth_Press_R Mouth_Down_Lower_R "
    "Mouth_Up_Upper_R"
)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_spelling_family_matches_whole(family: str) -> None:
    keys = {FAMILIES[family](name): name for name in ARKIT_NAMES}
    report = match({"Head": ["Basis", *keys]})
    assert report.missing == ()
    assert not report.doubtful and not report.duplicates
    assert report.drives["Head"] == {key: {name: 1.0} for key, name in keys.items()}
    assert report.summary() == "All 52 blendshapes are matched on Head."


def test_facescape_matches_all_but_the_tongue() -> None:
    report = match({"Face": FACESCAPE})
    assert report.missing == ("tongueOut",)
    assert report.drives["Face"]["EyeOpen_L"] == {"eyeWideLeft": 1.0}
    assert report.drives["Face"]["Sneer_R"] == {"noseSneerRight": 1.0}


def test_cc4_matches_whole_with_several_keys_a_blendshape() -> None:
    report = match({"Body": CC4})
    assert report.missing == ()
    assert len(report.targets("mouthFunnel")) == 4
    assert len(report.targets("mouthRollLower")) == 2
    assert report.drives["Body"]["Eye_L_Look_L"] == {"eyeLookOutLeft": 1.0}
    assert report.drives["Body"]["Eye_R_Look_L"] == {"eyeLookInRight": 1.0}
    assert not report.duplicates


def test_metahuman_raw_shapes_are_driven_with_the_reference_weights() -> None:
    curves = {curve for row in ARKIT_TO_RAW.values() for curve in row} | set(LIPS_TOGETHER)
    report = match({"Face": [f"CTRL_expressions_{curve}" for curve in curves]})
    assert report.missing == ()
    drives = report.drives["Face"]
    assert drives["CTRL_expressions_browRaiseInL"] == {"browInnerUp": 1.0, "browOuterUpLeft": 1.0}
    assert drives["CTRL_expressions_mouthLipsPurseUL"] == {"mouthPucker": 1.0}
    assert drives["CTRL_expressions_mouthFunnelUL"]["mouthPucker"] == 0.7519
    assert drives["CTRL_expressions_eyeLookRightL"] == {"eyeLookInLeft": 1.0}


def test_the_ict_head_matches_all_but_the_tongue_and_says_so() -> None:
    data = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = data / "ict_facekit" / "ict_expressions.npz"
    if path.is_file():
        with np.load(path) as shapes:
            keys = list(shapes.files)
    else:
        split = {"browInnerUp", "cheekPuff"}
        keys = [short(n) for n in ARKIT_NAMES[:-1] if n not in split]
        keys += [f"{name}_{side}" for name in split for side in "LR"]
    report = match({"ICT": keys})
    assert report.missing == ("tongueOut",)
    assert report.summary() == "All blendshapes but tongueOut are matched on ICT."
    assert {t.key for t in report.targets("browInnerUp")} == {"browInnerUp_L", "browInnerUp_R"}
    assert {t.key for t in report.targets("cheekPuff")} == {"cheekPuff_L", "cheekPuff_R"}


def test_a_cube_says_what_it_lacks() -> None:
    sentence = match({"Cube": []}).summary()
    assert sentence.startswith("Cube has no shape keys") and "jawOpen" in sentence
    assert match({"Cube": ["Basis"]}).summary() == sentence
    assert (
        "None of the 2 shape keys of Cube" in match({"Cube": ["Basis", "dent", "bump"]}).summary()
    )
    assert "No mesh is selected" in match({}).summary()


def test_look_alikes_are_offered_and_never_matched() -> None:
    keys = ["mouthOpen", "mouthSmile", "eyesClosed", "viseme_PP", "eyesLookUp", "Face_Blink_L"]
    report = match({"Avatar": keys})
    assert report.matched == ()
    offers = {doubt.key: doubt.names for doubt in report.doubtful}
    assert offers["mouthOpen"] == ("jawOpen",)
    assert offers["mouthSmile"] == ("mouthSmileLeft", "mouthSmileRight")
    assert offers["eyesClosed"] == ("eyeBlinkLeft", "eyeBlinkRight")
    assert "viseme_PP" not in offers
    assert any("mouthOpen" in line and "by hand" in line for line in report.sentences())


def test_what_is_matched_already_is_not_offered_again() -> None:
    report = match({"Avatar": ["jawOpen", "mouthOpen"]})
    assert not report.doubtful
    assert report.unused["Avatar"] == ("mouthOpen",)


@pytest.mark.parametrize(
    "key", ["fix_jawOpen", "jawOpen_mouthClose", "left_jawOpen", "jawOpenWide"]
)
def test_another_word_makes_another_name(key: str) -> None:
    assert match({"Head": [key]}).matched == ()


def test_the_surer_spelling_wins_and_the_other_is_reported() -> None:
    report = match({"Head": ["EyeBlink_L", "eyeBlinkLeft", "browInnerUp_L", "browInnerUp"]})
    assert report.drives["Head"] == {
        "eyeBlinkLeft": {"eyeBlinkLeft": 1.0},
        "browInnerUp": {"browInnerUp": 1.0},
    }
    assert {(d.key, d.used) for d in report.duplicates} == {
        ("EyeBlink_L", "eyeBlinkLeft"),
        ("browInnerUp_L", "browInnerUp"),
    }


def test_meshes_are_matched_together_and_reported_apart() -> None:
    report = match({"Head": ARKIT_NAMES[:-1], "Teeth": ["jawOpen"], "Tongue": ["tongueOut"],
                    "Hat": []})  # fmt: skip
    assert report.missing == ()
    assert [t.mesh for t in report.targets("jawOpen")] == ["Head", "Teeth"]
    assert report.drives["Hat"] == {}
    assert report.summary() == "All 52 blendshapes are matched on 3 meshes."


def test_what_is_lost_is_said() -> None:
    report = match({"Head": [n for n in ARKIT_NAMES if n not in ("jawOpen", "mouthClose")]})
    missing = next(line for line in report.sentences() if line.startswith("Missing"))
    assert "the mouth will not open" in missing and "lips will stay apart" in missing


def test_overrides_win_and_free_what_they_give_away() -> None:
    overrides = [
        Override("mouthOpen", {"jawOpen": 0.8}),
        Override("eyeBlinkLeft", {}),
        Override("gone", {"jawOpen": 1.0}),
    ]
    report = match({"Head": ["mouthOpen", "jawOpen", "eyeBlinkLeft"]}, overrides)
    assert report.drives["Head"] == {"mouthOpen": {"jawOpen": 0.8}}
    assert [d.key for d in report.duplicates] == ["jawOpen"]
    assert [o.key for o in report.stale] == ["gone"]


def test_an_override_for_one_mesh_leaves_the_others_alone() -> None:
    override = Override("jawOpen", {}, mesh="Teeth")
    report = match({"Head": ["jawOpen"], "Teeth": ["jawOpen"]}, [override])
    assert [t.mesh for t in report.targets("jawOpen")] == ["Head"]


def test_overrides_without_meaning_are_refused() -> None:
    with pytest.raises(MatchError, match="not an ARKit name"):
        Override("x", {"jawOpened": 1.0})
    with pytest.raises(MatchError, match="not a number"):
        Override("x", {"jawOpen": float("nan")})


def test_presets_survive_json() -> None:
    report = match({"Head": CC4})
    preset = MatchPreset.from_report("CC4 Extended", report)
    again = MatchPreset.from_json(preset.to_json())
    assert again == preset
    assert match({"Other": CC4}, again.overrides).drives["Other"] == report.drives["Head"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', '{"format": 3, "name": 1}'])
def test_a_file_that_is_no_preset_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(MatchError, match="preset"):
        MatchPreset.from_json(text)


def test_values_add_up_over_blendshapes_and_stay_within_0_and_1() -> None:
    report = match({"Face": ["CTRL_expressions_browRaiseInL", "CTRL_expressions_mouthFunnelUL"]})
    face = np.zeros((2, 52))
    face[:, INDEX["browInnerUp"]] = [0.3, 0.9]
    face[:, INDEX["browOuterUpLeft"]] = [0.4, 0.9]
    face[:, INDEX["mouthPucker"]] = 0.5
    keys, values = report.key_values("Face", face)
    assert keys == ("CTRL_expressions_browRaiseInL", "CTRL_expressions_mouthFunnelUL")
    assert values[:, 0] == pytest.approx([0.7, 1.0])
    assert values[:, 1] == pytest.approx([0.37595, 0.37595])


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_names_give_a_report_and_never_an_error(keys: list[str]) -> None:
    report = match({"Mesh": keys})
    assert report.sentences()
    assert set(report.drives["Mesh"]) <= set(keys)
