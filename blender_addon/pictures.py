"""Small pictures of faces in the panels: expressions and takes, drawn by a thread of their own.

Asking for one never waits: it is there, or it is drawn and the sidebars are redrawn when it is
ready. The thread sees no Blender data, only poses.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import bpy
import bpy.utils.previews
import numpy as np
from numpy.typing import NDArray

from .core.errors import SoliloquyError
from .core.head_file import load_head
from .core.picture import Posable, draw, posable
from .core.picture_cache import cache_file, keep_picture, kept_picture
from .ui import redraw_sidebars

SIZE: Final = 96  # pixels of a side
_MOST: Final = 400  # pictures that are kept; more would be a film
_INTERVAL: Final = 0.1  # seconds between looks at what the thread has finished


def _folder() -> Path:
    """Where pictures are kept: the extension's own folder, or Blender's configuration."""
    package = __package__ or ""
    if package.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(package, path="pictures"))
    return Path(bpy.utils.user_resource("CONFIG", path="soliloquy/pictures"))


class Pictures:
    """Pictures by name, each drawn once."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._pending: dict[str, Future[NDArray[np.float32]]] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._head: list[Posable] = []
        self.trouble = ""

    def icon(self, name: str, pose: Mapping[str, float], keep: bool = False) -> int:
        """Icon of a picture; 0 while it is being drawn, or when it cannot be.

        Args:
            keep: whether the picture is kept on this computer for the next time.
        """
        if self._shown is not None and name in self._shown:
            return self._shown[name].icon_id
        if name not in self._pending and not self.trouble:
            self._ask(name, dict(pose), cache_file(_folder(), pose, SIZE) if keep else None)
        return 0

    def has(self, name: str) -> bool:
        """Whether a picture is ready."""
        return self._shown is not None and name in self._shown

    def pixels(self, name: str) -> NDArray[np.float32]:
        """A picture that is ready, [SIZE, SIZE, 4], lowest row first."""
        flat = np.array(self._shown[name].image_pixels_float[:], np.float32)
        return flat.reshape(SIZE, SIZE, 4)

    def collect(self) -> bool:
        """Take in one picture that is finished; returns whether more are on their way.

        Only one: handing its pixels to Blender takes some milliseconds.
        """
        name = next((name for name, future in self._pending.items() if future.done()), None)
        if name is None:
            return bool(self._pending)
        future = self._pending.pop(name)
        try:
            self._show(name, future.result())
        except (SoliloquyError, OSError, ValueError) as error:  # no head, or a broken one
            self.trouble = str(error)
            self._pending.clear()
        return bool(self._pending)

    def close(self) -> None:
        """End the thread and free the pictures."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._thread = None
        self._pending.clear()
        self._head.clear()
        if self._shown is not None:
            bpy.utils.previews.remove(self._shown)
            self._shown = None

    def _ask(self, name: str, pose: dict[str, float], path: Path | None) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="soliloquy-pictures")
        self._pending[name] = self._thread.submit(self._drawn, pose, path)
        if not bpy.app.background and not bpy.app.timers.is_registered(_collect):
            bpy.app.timers.register(_collect, first_interval=_INTERVAL)

    def _drawn(self, pose: dict[str, float], path: Path | None) -> NDArray[np.float32]:
        kept = kept_picture(path, SIZE) if path is not None else None
        if kept is not None:
            return kept
        if not self._head:
            self._head.append(posable(load_head()))
        picture = draw(self._head[0], pose, SIZE)
        if path is not None:
            keep_picture(path, picture)
        return picture

    def _show(self, name: str, picture: NDArray[np.float32]) -> None:
        if self._shown is None:
            self._shown = bpy.utils.previews.new()
        if len(self._shown) >= _MOST:
            bpy.utils.previews.remove(self._shown)
            self._shown = bpy.utils.previews.new()
        preview = self._shown.new(name)
        for size, pixels in (("image_size", "image_pixels"), ("icon_size", "icon_pixels")):
            setattr(preview, size, (SIZE, SIZE))
            getattr(preview, f"{pixels}_float").foreach_set(picture.ravel())


_pictures: list[Pictures] = []


def pictures() -> Pictures:
    """The pictures of this Blender; made when first asked for."""
    if not _pictures:
        _pictures.append(Pictures())
    return _pictures[0]


def _collect() -> float | None:
    more = pictures().collect()
    redraw_sidebars()
    return _INTERVAL if more else None


def unregister() -> None:
    """Leave no thread, no timer and no picture."""
    if bpy.app.timers.is_registered(_collect):
        bpy.app.timers.unregister(_collect)
    while _pictures:
        _pictures.pop().close()
