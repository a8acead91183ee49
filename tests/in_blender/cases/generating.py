"""Generate, from the press to the keys."""

from __future__ import annotations

import bpy
import numpy as np
from acting import formula

from arkit.names import ARKIT_NAMES, INDEX

from . import tools


def a_file_becomes_keys(address: str, wav: str) -> None:
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav, start=11.0)
    tools.generate()
    seconds = 2.0
    n_frames = round(seconds * 24)
    expected = formula(np.arange(n_frames) / 24, seed=0)
    for name in ARKIT_NAMES:
        keys = tools.keys_of(face, name)
        assert len(keys) == n_frames, (name, len(keys))
        assert np.allclose(keys[:, 0], 11 + np.arange(n_frames), atol=1e-3)
        assert np.allclose(keys[:, 1], expected[:, INDEX[name]], atol=1e-4)
    bpy.context.scene.frame_set(20)
    value = face.data.shape_keys.key_blocks["jawOpen"].value
    assert abs(value - expected[9, INDEX["jawOpen"]]) < 1e-4


def direction_goes_along(address: str, wav: str) -> None:
    character = tools.character_of(tools.arkit_face())
    tools.use_server(address)
    tools.file_line(character, wav)
    settings = character.generation
    settings.direction, settings.emotion, settings.intensity = " furious ", "angry", 0.75
    character.line.transcript, character.line.language = "hello", "de"
    settings.seed = 9
    tools.generate()
    assert "Direction" in character.takes[0].notes, "what a generator cannot do is told"
