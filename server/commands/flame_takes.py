"""Takes as FLAME clips: what `animate --output flame` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arkit.saving import replacing
from server.commands.performing import clip_of
from server.errors import BadRequest, Unavailable
from server.wire.assemble import Take

if TYPE_CHECKING:
    from flame.clip import FlameClip
    from flame.model import FlameModel


def check_flame(path: Path) -> None:
    """Refuse a file that cannot hold a FLAME clip.

    Raises:
        BadRequest: it is no .npz.
    """
    if path.suffix.lower() != ".npz":
        raise BadRequest(f"'{path.name}' cannot hold a FLAME clip.", "FLAME clips are .npz files.")


def flame_model(path: Path | None, output: str) -> FlameModel | None:
    """Read the model that a clip is wanted for; None is the built-in head.

    Raises:
        BadRequest: a model is named, and the output is not FLAME's.
        Unavailable: the file cannot be read.
    """
    if path is None:
        return None
    if output != "flame":
        raise BadRequest(f"A FLAME model is named, and the output is {output}.",
                         "Add --output flame.")  # fmt: skip
    from flame.errors import FlameError
    from flame.model_files import read_flame_model

    try:
        return read_flame_model(path)
    except FlameError as error:
        raise Unavailable(f"The FLAME file {error}") from error


def write_flame(take: Take, model: FlameModel | None, path: Path) -> None:
    """Write a take as a FLAME clip; see `flame_clip`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        flame_clip(take, model).save(part)


def flame_clip(take: Take, model: FlameModel | None) -> FlameClip:
    """Return a take as a FLAME clip.

    Args:
        model: of another basis than the take's: then it goes through the 52 blendshapes.

    Raises:
        Unavailable: the blendshapes cannot be carried over to the model.
    """
    from flame.clip import FlameClip
    from flame.convert import arkit_to_flame
    from flame.errors import FlameError

    frames = take.flame
    assert frames is not None  # the server was asked for them
    if model is not None and model.basis_id != frames.basis_id:
        try:
            return arkit_to_flame(clip_of(take), model)
        except FlameError as error:
            raise Unavailable(str(error)) from error
    result = take.result
    return FlameClip(
        expression=frames.expression, fps=result.fps, basis_id=frames.basis_id, jaw=frames.jaw,
        neck=frames.neck, eyes=frames.eyes, contacts=result.contacts, notes=result.notes,
        provenance={**result.provenance, "timings": dict(result.timings)},
    )  # fmt: skip
