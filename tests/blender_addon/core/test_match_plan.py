"""What a character's shape keys can play."""

from __future__ import annotations

from arkit.names import ARKIT_NAMES
from blender_addon.core.match_plan import Fix, MeshKeys, plan_match

ICT_SPLIT = ("browInnerUp", "cheekPuff")


def ict_names() -> tuple[str, ...]:
    """ICT-FaceKit's spelling: sides as _L and _R, two blendshapes split."""
    found: list[str] = []
    for name in ARKIT_NAMES:
        if name in ICT_SPLIT:
            found += [f"{name}_L", f"{name}_R"]
        elif name != "tongueOut":
            ends = {"Left": "_L", "Right": "_R"}
            end = next(
                (e for e in ends if name.endswith(e) and name[: -len(e)] not in ("jaw", "mouth")),
                "",
            )
            found.append(name.removesuffix(end) + ends.get(end, ""))
    return tuple(found)


def test_the_ict_head_lacks_only_the_tongue_and_says_so() -> None:
    match = plan_match((MeshKeys("Head", ict_names()),))
    assert match.report.missing == ("tongueOut",)
    assert "tongueOut" in match.sentences[0]
    assert match.weights["Head"]["browInnerUp_L"] == {"browInnerUp": 1.0}
    assert match.weights["Head"]["eyeBlink_R"] == {"eyeBlinkRight": 1.0}


def test_a_cube_says_what_it_lacks() -> None:
    match = plan_match((MeshKeys("Cube", ()),))
    assert not match.is_usable
    assert "Cube has no shape keys" in match.sentences[0]


def test_driven_keys_get_no_curve_and_are_named() -> None:
    driven = frozenset({"jawOpen"})
    match = plan_match((MeshKeys("Face", ARKIT_NAMES, driven=driven),))
    assert "jawOpen" not in match.weights["Face"] and len(match.weights["Face"]) == 51
    assert any("Drivers move jawOpen" in s for s in match.sentences)
    assert not match.is_complete


def test_when_everything_is_driven_nothing_is_usable() -> None:
    match = plan_match((MeshKeys("Face", ("jawOpen",), driven=frozenset({"jawOpen"})),))
    assert not match.is_usable


def test_muted_keys_are_written_but_told() -> None:
    match = plan_match((MeshKeys("Face", ARKIT_NAMES, muted=frozenset({"jawOpen"})),))
    assert "jawOpen" in match.weights["Face"]
    assert any("muted" in s and "jawOpen" in s for s in match.sentences)


def test_a_fix_by_hand_wins_and_none_leaves_a_key_alone() -> None:
    keys = (*ARKIT_NAMES[:-1], "wag")
    match = plan_match((MeshKeys("Face", keys),), (Fix("wag", "tongueOut"), Fix("jawOpen", "")))
    assert match.weights["Face"]["wag"] == {"tongueOut": 1.0}
    assert "jawOpen" not in match.weights["Face"]


def test_the_same_name_on_head_and_teeth_moves_both() -> None:
    match = plan_match((MeshKeys("Head", ARKIT_NAMES), MeshKeys("Teeth", ("jawOpen",))))
    assert [t.mesh for t in match.report.targets("jawOpen")] == ["Head", "Teeth"]
    assert match.is_complete
