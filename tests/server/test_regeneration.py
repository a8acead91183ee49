"""A part made anew by the server: all else bit-identical, whatever the generator does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_service import REQUEST, SAMPLES, events_of, failure_of, takes_of
from toy_generator import ToyGenerator, toy_service

from arkit.names import ARKIT_NAMES, INDEX, REGIONS
from server.transport import ServerThread
from server.wire import codec
from server.wire.assemble import Take
from server.wire.client import Client
from server.wire.messages import Chunk, ClipData, Failed, GenerateRequest, Result


def sent(take: Take, **changes: Any) -> ClipData:
    data = ClipData(
        take.names, take.result.fps, take.coefficients, take.head, take.eyes, take.layers
    )
    return replace(data, **changes)


def random_clip(n: int = 90, seed: int = 3, names: tuple[str, ...] = ARKIT_NAMES) -> ClipData:
    random = np.random.default_rng(seed)
    lips, life = (0.5 * random.random((2, n, len(names)))).astype(np.float32)
    return ClipData(
        names,
        30.0,
        np.clip(lips + life, 0, 1),
        random.standard_normal((n, 3)).astype(np.float32),
        random.standard_normal((n, 2, 3)).astype(np.float32),
        {"lips": lips, "life": life},
    )


class WildGenerator(ToyGenerator):
    """Moves everything, head and eyes too, and has a layer of its own."""

    def _window(self, plan):
        made = super()._window(plan)
        n = len(made.head)
        random = np.random.default_rng(plan.seed + plan.next_window)
        layers = {**made.layers, "strips": random.random((n, 52)).astype(np.float32)}
        return replace(made, layers=layers, head=made.head + 1, eyes=made.eyes - 1)


@pytest.mark.parametrize("own_fps", [None, 25.0])
@pytest.mark.parametrize("output", ["arkit52", "arkit51"])
def test_outside_of_span_and_regions_every_bit_stays(own_fps: float | None, output: str) -> None:
    base = random_clip()
    request = replace(
        REQUEST,
        base=base,
        output=output,
        regenerate_start=1.0,
        regenerate_end=2.0,
        regenerate_regions=("jaw", "brow"),
    )
    (take,) = takes_of(request, toy_service(WildGenerator(fps=own_fps)))
    width = len(take.names)
    chosen = [take.names.index(n) for r in ("jaw", "brow") for n in REGIONS[r]]
    others = [k for k in range(width) if k not in chosen]
    pairs = [
        (base.coefficients[:, :width], take.coefficients),
        (base.layers["lips"][:, :width], take.layers["lips"]),
        (base.layers["life"][:, :width], take.layers["life"]),
        (np.zeros((90, width), np.float32), take.layers["strips"]),
    ]
    for was, now in pairs:
        assert was[:, others].tobytes() == now[:, others].tobytes()
        assert was[:30].tobytes() == now[:30].tobytes()
        assert was[60:].tobytes() == now[60:].tobytes()
        assert not np.array_equal(was[35:55][:, chosen], now[35:55][:, chosen])
    assert base.head.tobytes() == take.head.tobytes()
    assert base.eyes.tobytes() == take.eyes.tobytes()


def test_the_middle_of_the_span_is_new_and_its_ends_do_not_jump() -> None:
    (first,) = takes_of(replace(REQUEST, seed=10))
    (whole,) = takes_of(replace(REQUEST, seed=90))
    request = replace(REQUEST, seed=90, base=sent(first), regenerate_start=1.0, regenerate_end=2.0)
    (again,) = takes_of(request)
    blink = again.coefficients[:, INDEX["eyeBlinkLeft"]]
    assert np.allclose(blink[45], whole.coefficients[45, INDEX["eyeBlinkLeft"]])
    assert np.allclose(blink[[0, 30, 60, 89]], 0.1)
    assert np.abs(np.diff(blink)).max() < 0.3, "0.8 is reached over several frames"


def test_regions_without_a_span_are_made_anew_over_the_whole_line() -> None:
    base = random_clip()
    request = replace(REQUEST, seed=5, base=base, regenerate_regions=("eye",))
    (take,) = takes_of(request)
    assert np.allclose(take.coefficients[:, INDEX["eyeBlinkLeft"]], 0.05)
    assert np.array_equal(take.coefficients[:, INDEX["jawOpen"]], base.coefficients[:, 17])


def test_head_and_gaze_are_made_anew_with_the_whole_face_only() -> None:
    base = random_clip()
    request = replace(REQUEST, base=base, regenerate_start=1.0, regenerate_end=2.0)
    (take,) = takes_of(request, toy_service(WildGenerator()))
    assert np.allclose(take.head[45], 1.0) and np.allclose(take.eyes[45], -1.0)
    assert np.array_equal(take.head[:30], base.head[:30])


def test_several_takes_each_keep_the_rest() -> None:
    base = random_clip()
    request = replace(REQUEST, takes=2, base=base, regenerate_start=0.0, regenerate_end=1.0)
    for take in takes_of(request):
        assert np.array_equal(take.coefficients[30:], base.coefficients[30:])


def test_the_take_may_have_its_columns_in_any_order_and_lack_some() -> None:
    base = random_clip(names=("eyeBlinkLeft", "jawOpen"))
    request = replace(REQUEST, base=base, regenerate_regions=("brow",))
    (take,) = takes_of(request)
    assert np.array_equal(take.coefficients[:, INDEX["jawOpen"]], base.coefficients[:, 1])
    assert not take.coefficients[:, INDEX["mouthSmileLeft"]].any()


def test_a_take_over_the_wire_is_the_take_in_process() -> None:
    request = replace(REQUEST, base=random_clip(), regenerate_start=1.0, regenerate_end=2.0)
    (here,) = takes_of(request, toy_service(WildGenerator()))
    with (
        ServerThread(service=toy_service(WildGenerator())) as server,
        Client(server.address) as client,
    ):
        events = list(client.perform(request, SAMPLES))
    assert isinstance(events[-1], Result), events[-1]
    there = np.concatenate([e.coefficients for e in events if isinstance(e, Chunk)])
    assert np.array_equal(here.coefficients, there)


def test_provenance_keeps_the_digest_of_the_take_and_not_the_take() -> None:
    base = random_clip()
    request = replace(REQUEST, base=base, regenerate_regions=("eye",))
    (take,) = takes_of(request)
    kept = take.result.provenance
    assert len(kept["base_sha256"]) == 64
    assert codec.from_json(kept["request"], GenerateRequest).base is None
    (other,) = takes_of(replace(request, base=random_clip(seed=4)))
    assert other.result.provenance["base_sha256"] != kept["base_sha256"]


NAN_FREE = random_clip()
PART = {"regenerate_start": 0.5, "regenerate_end": 1.0}
BAD = [
    ({"base": None, **PART}, "the take is missing. Send it in the field `base`."),
    ({"base": NAN_FREE}, "neither a span nor regions"),
    ({"base": random_clip(80), **PART}, "it had 80 frames at 30 fps and has 90. Generate a new"),
    ({"base": NAN_FREE, "fps": 24.0, **PART}, "The take has 30 fps and the request 24."),
    (
        {"base": random_clip(names=("smile", "jawOpen")), **PART},
        "`base` has a column 'smile', which is not an ARKit blendshape",
    ),
    ({"base": random_clip(names=("jawOpen", "jawOpen")), **PART}, "column 'jawOpen' twice"),
    ({"base": random_clip(0), **PART}, "`base` has no frames"),
    ({"base": replace(NAN_FREE, fps=0.0), **PART}, "`base` has 0 fps"),
    (
        {"base": replace(NAN_FREE, coefficients=NAN_FREE.coefficients + 9), **PART},
        "coefficients from 9",
    ),
    ({"style_clip": random_clip(names=("grin",))}, "`style_clip` has a column 'grin'"),
    (
        {"base": NAN_FREE, "regenerate_start": 20.0, "regenerate_end": 30.0},
        "starts at 20 s, and the take ends at 3.00 s. Name seconds of the take.",
    ),
    ({"guidance_mode": "wild"}, "uidance_mode is 'wild'. Use default or paper."),
]


@pytest.mark.parametrize(("changes", "says"), BAD, ids=lambda v: str(v)[-40:])
def test_an_impossible_take_is_refused_in_one_sentence(changes: dict[str, Any], says: str) -> None:
    failed = failure_of(replace(REQUEST, **changes))
    assert failed.code == "bad_request"
    assert says in f"{failed.message} {failed.hint}"


def test_a_take_beyond_the_limit_of_a_message_is_told_with_the_limit() -> None:
    from server.settings import Limits

    service = toy_service(limits=Limits(message_bytes=20_000))
    request = replace(REQUEST, base=NAN_FREE, **PART)
    with ServerThread(service=service) as server, Client(server.address) as client:
        *_, last = client.perform(request, SAMPLES)
    assert isinstance(last, Failed)
    assert last.code == "limit" and "the limit is 20000" in last.message


def test_a_style_clip_is_told_of_when_the_generator_has_no_notion_of_it() -> None:
    events = events_of(replace(REQUEST, style_clip=NAN_FREE))
    assert isinstance(events[-1], Result)
    assert any("Style clip was not used" in note for note in events[-1].notes)
