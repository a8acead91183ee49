"""ExpCLIP's generator: the whole path in its tiny size, and what its prompts ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from arkit.clip import Phone
from arkit.names import INDEX
from server.errors import Unavailable
from server.generators.articulate.evidence import load_evidence
from server.generators.base import Frames, Speech
from server.generators.expclip.config import BASE, TINY
from server.generators.expclip.model import ExpClipAnimator
from server.generators.expclip.pipeline import ExpClipGenerator
from server.generators.expclip.prompts import CHANGE_SECONDS, prompt_of
from server.generators.expclip.weights import load_animator, save_animator
from server.language.errors import WeightsError
from server.language.express import default_director
from server.wire.messages import DirectionBlend, DirectionStrip, GenerateRequest, StripSpec

SMILE = "a broad smile"


def _speech(seconds: float = 9.0) -> Speech:
    """A line of syllables 'ma', with silence at both ends and noise as sound."""
    phones, at = [Phone("sil", 0.0, 0.5)], 0.5
    while at < seconds - 0.8:
        phones += [Phone("m", at, at + 0.1), Phone("a", at + 0.1, at + 0.3)]
        at += 0.3
    phones.append(Phone("sil", at, seconds))
    samples = np.random.default_rng(0).normal(0, 0.05, int(16000 * seconds)).astype(np.float32)
    loudness = np.full(int(100 * seconds), -26.0, np.float32)
    return Speech(samples, seconds, tuple(phones), loudness)


@pytest.fixture(scope="module")
def generator() -> ExpClipGenerator:
    torch.manual_seed(3)
    model = ExpClipAnimator(TINY)
    torch.nn.init.normal_(model.decoder.head[-1].weight, 0.0, 0.05)  # type: ignore[arg-type]
    return ExpClipGenerator(model, "tiny", default_director(), load_evidence())


def _made(generator: ExpClipGenerator, request: GenerateRequest, speech: Speech) -> list[Frames]:
    plan = generator.plan(request, speech, request.seed)
    made = []
    while plan.next_window < plan.n_windows:
        made += generator.denoise([plan], lambda: None)
    return made


def _layer(frames: list[Frames], name: str) -> np.ndarray:
    return np.concatenate([f.layers[name] for f in frames])


def _total(frames: list[Frames]) -> np.ndarray:
    return np.sum([_layer(frames, name) for name in frames[0].layers], axis=0)


REQUEST = GenerateRequest("r", generator="expclip", direction=SMILE, fps=30.0, seed=4)


@pytest.mark.parametrize("fps", [15.0, 24.0, 30.0, 60.0])
def test_frames_come_in_order_and_are_as_many_as_the_line_has(
    generator: ExpClipGenerator, fps: float
) -> None:
    frames = _made(generator, replace(REQUEST, fps=fps), _speech())
    starts = [f.start_frame for f in frames]
    ends = [f.start_frame + len(f.head) for f in frames]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == round(9.0 * fps)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 4.0, 4.3])
def test_a_short_line_has_all_its_frames(generator: ExpClipGenerator, seconds: float) -> None:
    speech = Speech(np.zeros(0, np.float32), seconds, (), np.zeros(0, np.float32))
    frames = _made(generator, REQUEST, speech)
    assert sum(len(f.head) for f in frames) == int(np.ceil(seconds * 30 - 1e-6))


def test_the_same_request_gives_the_same_clip(generator: ExpClipGenerator) -> None:
    first, second = (_made(generator, REQUEST, _speech()) for _ in range(2))
    assert np.array_equal(_total(first), _total(second))


def test_windows_join_without_a_seam(generator: ExpClipGenerator) -> None:
    speech = Speech(
        np.zeros(0, np.float32), 20.0, (Phone("sil", 0, 20.0),), np.full(2000, -70.0, np.float32)
    )
    emotion = _layer(_made(generator, REQUEST, speech), "emotion")
    steps = np.abs(np.diff(emotion, axis=0)).max(axis=1)
    hop = (TINY.n_frames - TINY.n_overlap) / TINY.fps
    seams = [round(k * hop * 30) for k in range(1, 5)]
    at_seams = max(steps[s - 15 : s + 40].max() for s in seams)
    assert at_seams <= 0.05


def test_lips_meet_at_every_m_whatever_is_directed(generator: ExpClipGenerator) -> None:
    speech = _speech()
    frames = _made(generator, replace(REQUEST, direction="shocked, mouth wide open"), speech)
    face = np.clip(_total(frames), 0, 1)
    for phone in speech.phones:
        if phone.phone == "m":
            near = face[int(phone.start * 30) : int(np.ceil(phone.end * 30)) + 1]
            gap = near[:, INDEX["jawOpen"]] * 0.95 - near[:, INDEX["mouthClose"]]
            assert gap.min() < 0.05


def test_takes_share_lips_and_expression_and_differ_in_life(generator: ExpClipGenerator) -> None:
    first = _made(generator, REQUEST, _speech())
    second = _made(generator, replace(REQUEST, seed=5), _speech())
    assert np.array_equal(_layer(first, "emotion"), _layer(second, "emotion"))
    assert not np.array_equal(_layer(first, "life"), _layer(second, "life"))


def test_without_direction_the_emotion_layer_is_still(generator: ExpClipGenerator) -> None:
    frames = _made(generator, replace(REQUEST, direction=""), _speech())
    assert np.abs(_layer(frames, "emotion")).max() < 1e-6
    assert np.abs(_layer(frames, "strips")).max() < 1e-6


def test_strips_change_the_face_only_around_them(generator: ExpClipGenerator) -> None:
    strip = StripSpec("AU2", 4.0, 5.0, ((4.0, 1.0),))
    frames = _made(generator, replace(REQUEST, strips=(strip,)), _speech())
    change = np.abs(_layer(frames, "strips")).max(axis=1)
    assert change[: int(3.5 * 30)].max() < 1e-6
    assert change[int(5.5 * 30) :].max() < 1e-6


def test_a_strip_wins_over_the_direction_in_the_prompt() -> None:
    strip = StripSpec("AU15", 1.0, 2.0, ((1.0, 1.0),))
    prompt = prompt_of(replace(REQUEST, strips=(strip,)), default_director())
    face = prompt.with_strips(np.array([0.5, 1.5]))
    frown = INDEX["mouthFrownLeft"]
    assert face[1, frown] > 0.7 > face[0, frown]
    assert any("AU strips" in note for note in prompt.notes)


def test_a_direction_strip_takes_over_within_three_tenths_of_a_second() -> None:
    request = replace(REQUEST, direction="", direction_strips=(DirectionStrip(SMILE, 2.0, 4.0),))
    prompt = prompt_of(request, default_director())
    smile = prompt.directed(np.linspace(1.0, 5.0, 401))[:, INDEX["mouthSmileLeft"]]
    assert smile[:100].max() == 0 and smile[301:].max() == 0
    assert CHANGE_SECONDS <= 0.3
    assert np.allclose(smile[100 + round(100 * CHANGE_SECONDS) : 271], smile[200])
    assert np.abs(np.diff(smile)).max() < 0.1


def test_two_whole_line_directions_blend_in_the_shares_asked() -> None:
    both = (DirectionStrip(SMILE, 0.0, 9.0, 0.25), DirectionStrip("a deep frown", 0.0, 9.0, 0.75))
    director = default_director()
    mixed = prompt_of(replace(REQUEST, direction_strips=both), director).directed(np.array([1.0]))
    faces = [prompt_of(replace(REQUEST, direction=s.text), director).base[0].face for s in both]
    assert np.allclose(mixed[0], 0.25 * faces[0] + 0.75 * faces[1], atol=1e-9)


def test_intensity_orders_the_prompt_and_half_leaves_it_alone() -> None:
    director = default_director()
    sizes = [
        prompt_of(replace(REQUEST, intensity=value), director).base[0].face.sum()
        for value in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert sizes == sorted(sizes) and sizes[0] == 0
    assert np.isclose(sizes[2], sum(director.express(SMILE).blendshapes.values()), atol=0.05)


def test_a_pose_is_the_prompt_and_the_rest_is_named_in_a_note() -> None:
    pose = {"browInnerUp": 0.8}
    prompt = prompt_of(replace(REQUEST, pose=pose), default_director())
    assert np.isclose(prompt.base[0].face[INDEX["browInnerUp"]], 0.8)
    assert prompt.base[0].face.sum() == pytest.approx(0.8)
    assert any("direction was not used" in note for note in prompt.notes)


def test_a_blend_mixes_the_second_direction_in_by_its_share() -> None:
    director = default_director()
    blend = DirectionBlend("a deep frown", 0.25)
    mixed = prompt_of(replace(REQUEST, blend=blend), director)
    smile, frown = (prompt_of(replace(REQUEST, direction=t), director).base[0].face
                    for t in (SMILE, "a deep frown"))  # fmt: skip
    assert np.allclose(mixed.directed(np.array([1.0]))[0], 0.75 * smile + 0.25 * frown)
    assert np.allclose(mixed.weights(np.linspace(0, 5, 7)), [0.75, 0.25])


def test_a_strip_that_follows_another_takes_over_without_a_gap() -> None:
    both = (DirectionStrip(SMILE, 1.0, 3.0), DirectionStrip("a deep frown", 3.0, 5.0))
    request = replace(REQUEST, direction="", direction_strips=both)
    weights = prompt_of(request, default_director()).weights(np.linspace(2.0, 4.0, 201))
    assert np.allclose(weights[:, 0], 0.0)
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert weights[99, 1] == 1.0 and weights[130, 2] == 1.0
    assert np.abs(np.diff(weights, axis=0)).max() < 0.1


def test_a_strip_to_the_end_of_the_line_stays_until_then() -> None:
    request = replace(REQUEST, direction_strips=(DirectionStrip(SMILE, 1.0, 9.0),))
    weights = prompt_of(request, default_director(), 9.0).weights(np.array([8.99]))
    assert np.allclose(weights, [[0.0, 1.0]])


def test_a_direction_in_stages_changes_the_face_when_they_change() -> None:
    director = default_director()
    request = replace(REQUEST, direction=f"{SMILE}, then a deep frown")
    prompt = prompt_of(request, director, 6.0)
    faces = [prompt_of(replace(REQUEST, direction=t), director).base[0].face
             for t in (SMILE, "a deep frown")]  # fmt: skip
    shown = prompt.directed(np.array([0.0, 5.99]))
    assert np.allclose(shown, faces, atol=1e-9)
    assert np.abs(np.diff(prompt.weights(np.linspace(0, 6, 361)), axis=0)).max() < 0.1


def test_a_stage_at_a_time_leaves_the_face_neutral_before_it() -> None:
    request = replace(REQUEST, direction="a broad smile at 3 s")
    shown = prompt_of(request, default_director(), 6.0).directed(np.array([1.0, 5.0]))
    assert shown[0].max() == 0 and shown[1, INDEX["mouthSmileLeft"]] > 0.4


def test_stages_are_blended_with_a_second_direction_all_along() -> None:
    director = default_director()
    staged = replace(REQUEST, direction=f"{SMILE}, then a deep frown")
    mixed = prompt_of(replace(staged, blend=DirectionBlend("astonished", 0.25)), director, 6.0)
    alone = prompt_of(staged, director, 6.0)
    second = prompt_of(replace(REQUEST, direction="astonished"), director).base[0].face
    times = np.linspace(0, 6, 13)
    assert np.allclose(mixed.directed(times), 0.75 * alone.directed(times) + 0.25 * second)


def test_a_change_of_direction_is_as_fast_at_every_frame_rate(generator: ExpClipGenerator) -> None:
    speech = Speech(np.zeros(0, np.float32), 6.0, (), np.zeros(0, np.float32))
    strip = DirectionStrip(SMILE, 2.0, 7.0)
    for fps in (24.0, 60.0):
        request = replace(REQUEST, direction="", direction_strips=(strip,), fps=fps)
        emotion = _layer(_made(generator, request, speech), "emotion")
        assert np.abs(emotion[: int(2.0 * fps) + 1]).max() < 1e-6
        whole = replace(request, direction_strips=(replace(strip, start=0.0),))
        there = _layer(_made(generator, whole, speech), "emotion")
        settled = int(np.ceil((2.0 + CHANGE_SECONDS) * fps))
        assert np.allclose(emotion[settled:], there[settled:], atol=1e-5)


def test_without_clip_a_picture_is_refused_when_the_take_is_laid_out(
    generator: ExpClipGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "encoders", None)
    monkeypatch.delenv("SOLILOQUY_ENCODERS", raising=False)
    with pytest.raises(Unavailable, match="picture as the direction cannot be read here"):
        generator.plan(replace(REQUEST, image=b"picture"), _speech(), 0)


def test_weights_for_another_autoencoder_are_refused(generator: ExpClipGenerator) -> None:
    model = ExpClipAnimator(replace(TINY, n_style=100))
    with pytest.raises(WeightsError, match="styles of width 100"):
        ExpClipGenerator(model, "x", generator.director, generator.evidence)


def test_weights_survive_saving_and_a_wrong_file_is_refused(tmp_path) -> None:
    model = ExpClipAnimator(TINY)
    save_animator(model, tmp_path / "w.safetensors", {"recipe": "none"})
    loaded, digest = load_animator(tmp_path / "w.safetensors")
    assert loaded.config == TINY and len(digest) == 16
    for name, value in loaded.state_dict().items():
        assert torch.allclose(value, model.state_dict()[name], atol=2e-3)
    (tmp_path / "wrong.safetensors").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="is not an ExpCLIP generator"):
        load_animator(tmp_path / "wrong.safetensors")
    with pytest.raises(WeightsError, match="here are no"):
        load_animator(tmp_path / "absent.safetensors")


def test_an_untrained_decoder_speaks_plainly() -> None:
    model = ExpClipAnimator(BASE)
    lips = torch.rand(2, 64, 52)
    audio = torch.randn(2, 64, BASE.n_audio)
    with torch.inference_mode():
        assert torch.equal(model(audio, lips, torch.randn(2, BASE.n_style)), lips)
