"""`soliloquy animate LINE`: a recording in, a take in a file out."""

from __future__ import annotations

import argparse
import time
import uuid
from pathlib import Path

from arkit.export.files import read_clip
from arkit.strips import parse_strip
from server.commands.directions import read_blend, read_image, read_pose
from server.commands.ears_option import add_ears_option, add_guess_option, recogniser_of
from server.commands.flame_takes import check_flame, flame_model, write_flame
from server.commands.output import ProgressBar, say, say_json
from server.commands.performing import clip_data, clip_of, perform_takes
from server.commands.phones_option import add_phones_option, given_phones
from server.commands.writing import check_target, write_take
from server.errors import BadAudio, BadRequest
from server.language.tables import EMOTIONS
from server.settings import DEFAULT_ADDRESS
from server.validation import GUIDANCE_SCALES
from server.wire.messages import OUTPUTS, AudioInfo, GenerateRequest, StripSpec

HELP = "perform a recorded line and write the take"

_FPS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("line", type=Path, help="the recording")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="take.csv, .json, .npz, .mp4, .blend, .glb, .fbx or .usdc",
    )
    parser.add_argument(
        "--generator", default="", help="cafe_talk (default where it can run), articulate, ..."
    )
    parser.add_argument("--direction", default="", help="how the line is played, in words")
    parser.add_argument(
        "--pose", type=Path, metavar="FACE.json", help="or as this face: blendshape -> 0..1"
    )
    parser.add_argument("--image", type=Path, metavar="PICTURE", help="or as the face in a picture")
    parser.add_argument("--direction-b", default="", help="a second direction, in words")
    parser.add_argument(
        "--mix", type=float, help="how much of the second direction, 0..1 (default .5)"
    )
    parser.add_argument("--emotion", default="neutral", help=", ".join(EMOTIONS))
    parser.add_argument("--intensity", type=float, default=0.5, help="0..1")
    parser.add_argument("--style", default="", help="a talking style by name")
    parser.add_argument(
        "--style-clip", type=Path, metavar="TAKE", help="or taken from a take's file"
    )
    parser.add_argument(
        "--au",
        action="append",
        default=[],
        metavar="AU12@1.2-2.0:0.8",
        help="an AU strip; may be given several times",
    )
    for name in GUIDANCE_SCALES:
        parser.add_argument(f"--guidance-{name}", type=float, help=f"guidance scale of {name}")
    parser.add_argument(
        "--guidance-mode",
        default="default",
        choices=("default", "paper"),
        help="how they are weighed; paper: the published formula",
    )
    parser.add_argument("--steps", type=int, help="denoising steps")
    parser.add_argument(
        "--change", type=Path, metavar="TAKE.npz", help="make a part of a take anew"
    )
    parser.add_argument(
        "--span", metavar="1.2-2.0", help="its seconds; without them the whole line"
    )
    parser.add_argument("--regions", default="", help="its face regions: brow,eye,mouth,...")
    parser.add_argument("--transcript", default="", help="the words; they sharpen the lips")
    parser.add_argument(
        "--language", default="en", help="of what is spoken: en (default), de, fr ..."
    )
    add_guess_option(parser)
    add_phones_option(parser)
    parser.add_argument("--fps", type=float, help="60, or that of the take to change")
    parser.add_argument(
        "--output",
        default="arkit52",
        choices=OUTPUTS,
        help="what moves: the 52 blendshapes (default), without tongueOut, or a FLAME head (.npz)",
    )
    parser.add_argument(
        "--flame", type=Path, metavar="MODEL", help="FLAME file of --output flame, else our head"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="another number is another take (default 0)"
    )
    parser.add_argument(
        "--takes", type=int, default=1, help="how many, with seeds that count up (default 1)"
    )
    parser.add_argument(
        "--device",
        default="auto",
        choices=("auto", "cpu", "cuda"),
        help="where it is performed; auto (default) takes an NVIDIA GPU where there is one",
    )
    add_ears_option(parser)
    parser.add_argument("--address", default=DEFAULT_ADDRESS, help="a server to use if it is up")
    parser.add_argument("--blender", default="", help="for .blend, .glb: see SOLILOQUY_BLENDER")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Perform the line and write every take."""
    started = time.monotonic()
    if args.output == "flame":
        check_flame(args.out)
    else:
        check_target(args.out, args.blender)
    if not args.line.is_file():
        raise BadAudio(f"There is no file '{args.line}'.", "Give the path of a recording.")
    model = flame_model(args.flame, args.output)
    bar = ProgressBar(enabled=not args.json)
    takes = perform_takes(
        request_of(args),
        args.line,
        address=args.address if args.ears == "auto" else None,  # a server has ears of its own
        device=args.device,
        ears=recogniser_of(args.ears),
        on_progress=bar.show,
    )
    clips = [clip_of(take) for take in takes]
    paths: list[Path] = []
    for number, (take, clip) in enumerate(zip(takes, clips, strict=True)):
        path = take_path(args.out, number, len(takes))
        if take.flame is None:
            write_take(clip, path, args.line, bar.show, args.blender)
        else:
            write_flame(take, model, path)
        paths.append(path)
    bar.close()
    notes = list(dict.fromkeys(note for clip in clips for note in clip.notes))
    seconds = time.monotonic() - started
    if args.json:
        say_json(
            {
                "out": [str(path) for path in paths],
                "generator": clips[0].provenance["generator"],
                "seeds": [clip.provenance.get("seed") for clip in clips],
                "fps": clips[0].fps,
                "frames": [clip.n_frames for clip in clips],
                "seconds": {"total": seconds, **clips[0].provenance["timings"]},
                "notes": notes,
            }
        )
        return 0
    for note in notes:
        say(f"note: {note}")
    for path, clip in zip(paths, clips, strict=True):
        say(f"{path}: {clip.n_frames} frames at {clip.fps:g} fps, {clip.seconds:.2f} s")
    say(f"done in {seconds:.1f} s")
    return 0


def request_of(args: argparse.Namespace) -> GenerateRequest:
    """Return the request that the options ask for."""
    strips = (parse_strip(text) for text in args.au)
    base = None if args.change is None else read_clip(args.change)
    start, end = _span(args.span)
    if base is None and (args.span or args.regions):
        raise BadRequest(
            "A span or regions are to be made anew, and no take is named.", "Add --change TAKE.npz."
        )
    return GenerateRequest(
        request_id=uuid.uuid4().hex,
        generator=args.generator,
        audio=AudioInfo(encoding="file", filename=args.line.name),
        direction=args.direction,
        pose=read_pose(args.pose),
        image=read_image(args.image),
        blend=read_blend(args.direction_b, args.mix),
        emotion=args.emotion,
        intensity=args.intensity,
        style=args.style,
        strips=tuple(
            StripSpec(s.au, s.start, s.end, s.keys, s.mode, s.ease_in, s.ease_out) for s in strips
        ),
        transcript=args.transcript,
        language=args.language,
        phones=given_phones(args.phones, args.line),
        guess_words=args.guess_words,
        seed=args.seed,
        takes=args.takes,
        output=args.output,
        fps=args.fps if args.fps is not None else (_FPS if base is None else base.fps),
        guidance=_guidance(args),
        guidance_mode=args.guidance_mode.removeprefix("default"),
        steps=args.steps,
        style_clip=None if args.style_clip is None else clip_data(read_clip(args.style_clip)),
        base=None if base is None else clip_data(base),
        regenerate_start=start,
        regenerate_end=end,
        regenerate_regions=tuple(filter(None, args.regions.split(","))),
    )


def _guidance(args: argparse.Namespace) -> dict[str, float]:
    scales = {name: getattr(args, f"guidance_{name}") for name in GUIDANCE_SCALES}
    return {name: scale for name, scale in scales.items() if scale is not None}


def _span(text: str | None) -> tuple[float | None, float | None]:
    """Return the seconds that "1.2-2.0" names.

    Raises:
        BadRequest: it is written in another way.
    """
    if text is None:
        return None, None
    start, _, end = text.partition("-")
    try:
        return float(start), float(end)
    except ValueError as error:
        raise BadRequest(f"The span is '{text}'.", "Write 1.2-2.0, in seconds.") from error


def take_path(out: Path, take: int, n_takes: int) -> Path:
    """Return the file of one take: the name as given, numbered when there are several."""
    return out if n_takes == 1 else out.with_stem(f"{out.stem}_{take + 1}")
