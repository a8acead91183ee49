"""A fast off-screen preview: frames, clips with sound and contact sheets, without Blender or GPU.

Needs the extra `preview` (pyvista and imageio-ffmpeg); without it every call raises
`PreviewError` with what to install.
"""

from flame.preview.clip import render_clip, turn_head
from flame.preview.plain import PlainMesh
from flame.preview.sheet import COMBINATIONS, contact_sheet
from flame.preview.stage import Camera, PreviewError, Stage, render_frame

__all__ = [
    "COMBINATIONS",
    "Camera",
    "PlainMesh",
    "PreviewError",
    "Stage",
    "contact_sheet",
    "render_clip",
    "render_frame",
    "turn_head",
]
