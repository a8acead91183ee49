"""Captured material beside the performed one: facegood under its mask, naturalness figures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from arkit.names import INDEX
from server.evaluation.naturalness import Take, TakeError, blinks, gaze_shifts, live_link_takes
from server.evaluation.naturalness import measure as measured
from server.training.corpus.facegood import TAKES, find_contacts, real_pieces

_DATA = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_facegood = pytest.mark.skipif(
    not (_DATA / "facegood" / "arkit_takes.npz").exists(), reason="no facegood recordings here"
)
needs_captures = pytest.mark.skipif(
    not (_DATA / "live_link").exists(), reason="no live_link recordings here"
)


def _blinking(times: tuple[float, ...], fps: float, seconds: float = 10.0) -> np.ndarray:
    t = np.arange(int(seconds * fps)) / fps
    return np.sum([0.9 * np.exp(-(((t - at) / 0.05) ** 2)) for at in times], axis=0)


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_blinks_are_found_with_their_times_depths_and_lengths(fps: float) -> None:
    wanted = (1.0, 3.4, 3.8, 8.0)
    found = blinks(_blinking(wanted, fps), fps)
    assert np.allclose([b.time for b in found], wanted, atol=0.03)
    assert all(0.8 < b.depth < 0.95 for b in found)
    assert all(0.05 < b.seconds < 0.12 for b in found)


def test_closed_eyes_are_no_blink() -> None:
    lids = np.zeros(250)
    lids[100:150] = 1.0
    assert blinks(lids, 25.0) == []


def test_gaze_shifts_are_found_with_their_sizes() -> None:
    eyes = np.zeros((120, 2, 3))
    eyes[40:, :, 0] = 0.2
    eyes[80:, :, 1] = -0.1
    times, sizes = gaze_shifts(eyes, 30.0)
    assert np.allclose(times, [39 / 30, 79 / 30])
    assert np.allclose(sizes, [0.2, 0.1])


def test_motions_are_measured_together_without_intervals_between_them() -> None:
    face = np.zeros((250, 52), np.float32)
    for side in ("Left", "Right"):
        face[:, INDEX["eyeBlink" + side]] = _blinking((2.0, 5.0), 25.0)
    take = Take("made", face, np.zeros((250, 2, 3), np.float32), 25.0)
    both = measured([take, take])
    assert both.blink_rate == pytest.approx(12.0)
    assert np.allclose(both.blink_intervals, [3.0, 3.0], atol=0.05)


def test_a_folder_without_captures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="no captures"):
        live_link_takes(tmp_path)
    (tmp_path / "a_30fps.csv").write_text("Timecode,BlendShapeCount\n")
    with pytest.raises(TakeError, match="no column"):
        live_link_takes(tmp_path)


def test_pressed_lips_within_speech_are_contacts_and_rests_are_not() -> None:
    face = np.zeros((90, 52), np.float32)
    face[:, INDEX["jawOpen"]] = 0.2
    face[30:33, INDEX["mouthPressLeft"]] = 0.4
    face[60:, INDEX["jawOpen"]] = 0.0
    loudness = np.full(300, -20.0, np.float32)
    loudness[200:] = -80.0
    contacts = find_contacts(face, loudness, 30.0)
    assert [(c.kind, round(c.start, 2)) for c in contacts] == [("lips", 1.0)]


@pytest.mark.data
@needs_facegood
def test_captured_mouths_have_a_mask_and_closures_in_mouth_close() -> None:
    assert not any("2_05" in take for take in TAKES)
    pieces = list(real_pieces(_DATA / "facegood", 25.0))
    assert {piece.name[:9] for piece in pieces} == set(TAKES)
    assert {piece.split for piece in pieces} == {"train", "valid"}
    names = set(pieces[0].valid)
    assert {"jawOpen", "mouthClose", "mouthPucker"} <= names
    assert "browInnerUp" not in names
    n_contacts, n_closed = 0, 0
    for piece in pieces:
        face = piece.performance.coefficients
        open_ = 0.95 * face[:, INDEX["jawOpen"]] - face[:, INDEX["mouthClose"]]
        for contact in piece.performance.contacts:
            n_contacts += 1
            i = min(round(0.5 * (contact.start + contact.end) * 25), len(face) - 1)
            n_closed += bool(open_[i] < 0.05)
    assert n_contacts > 40
    assert n_closed > 0.99 * n_contacts


@pytest.mark.data
@needs_captures
def test_captures_blink_and_look_as_people_do() -> None:
    takes = [take for take in live_link_takes(_DATA / "live_link") if "silent" in take.name]
    found = measured(takes)
    assert len(takes) == 3
    assert 15 < found.blink_rate < 40
    assert 0.06 < float(np.median(found.blink_seconds)) < 0.15
