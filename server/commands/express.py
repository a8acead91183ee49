"""`soliloquy express TEXT`: what a direction asks of the face, as JSON and as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.commands.output import say, say_json
from server.commands.writing import check_file
from server.errors import Unavailable

HELP = "show what a direction asks of the face: Action Units, 52 blendshapes, a picture"

_LEAST_SHOWN = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("text", help='the direction, for instance "a smirk, left side"')
    parser.add_argument("--png", type=Path, help="draw the face into this file")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Read the direction and show it."""
    from server.language.express import express

    if args.png is not None:
        check_file(args.png, (".png",))
    found = express(args.text)
    if args.png is not None:
        _draw(found.blendshapes, args.png)
    if args.json:
        say_json(found.to_json())
        return 0
    for note in found.notes:
        say(f"note: {note}")
    for au, value in found.aus.items():
        say(f"{au:<8} {value:.2f}")
    shown = {name: value for name, value in found.blendshapes.items() if value >= _LEAST_SHOWN}
    say("  ".join(f"{name} {value:.2f}" for name, value in shown.items()) or "a neutral face")
    say(f"confidence {found.confidence:.2f}; near: {', '.join(found.nearest) or 'nothing known'}")
    return 0


def _draw(blendshapes: dict[str, float], path: Path) -> None:
    import imageio.v3 as imageio
    import numpy as np

    from arkit.names import ARKIT_NAMES
    from arkit.saving import replacing
    from flame.head import built_in_head
    from flame.preview import PreviewError, render_frame

    head = built_in_head()
    coefficients = np.array([blendshapes[name] for name in ARKIT_NAMES], np.float32)
    try:
        picture = render_frame(head, head.pose(coefficients), (640, 640))
    except PreviewError as error:
        raise Unavailable(f"The face cannot be drawn: {error}.") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    # Packed in memory: on a full disk imageio closes its file a second time when it is forgotten.
    packed = imageio.imwrite("<bytes>", picture, extension=".png")
    with replacing(path) as part:
        part.write_bytes(packed)
