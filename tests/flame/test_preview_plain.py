"""The preview draws a mesh that is not our head: triangles, one colour."""

from __future__ import annotations

import numpy as np

from flame.built_in import triangles
from flame.head import built_in_head
from flame.preview import PlainMesh, render_frame


def test_triangles_are_drawn_where_the_same_quads_are() -> None:
    head = built_in_head()
    span = head.parts["head"]
    quads = head.part_faces("head")
    vertices = head.vertices[: span.stop]
    pictures = [
        render_frame(PlainMesh(vertices, faces), vertices, size=(96, 96)).astype(int)
        for faces in (quads, triangles(quads))
    ]
    assert np.abs(pictures[0] - pictures[1]).mean() < 2.0
    background = np.abs(pictures[0] - pictures[0][0, 0]).sum(axis=2) < 60
    assert 0.2 < 1.0 - background.mean() < 0.9
