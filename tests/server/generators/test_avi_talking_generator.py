"""The generator `avi_talking` as a whole, at the tiny size with random weights."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.names import INDEX, REGIONS
from flame.clip import FlameClip
from flame.convert import flame_to_arkit
from server.generators.avi_talking.asked import plain_sentence
from server.generators.avi_talking.config import PAPER, TINY
from server.generators.avi_talking.facts import CONTROLS
from server.generators.avi_talking.pipeline import AviTalkingGenerator, random_generator
from server.generators.avi_talking.space import built_in_space
from server.generators.base import Frames, Plan, Speech
from server.language.errors import EncoderError
from server.language.instruction import Instruction, InstructionError
from server.validation import CONTROLS as ALL_CONTROLS
from server.wire.messages import DirectionStrip, GenerateRequest, StripSpec

LAYERS = ("lips", "emotion", "strips", "life")
HEARD = "the speaker is very angry: the brows drawn together."
Array = NDArray[np.float32]


def hears(speech: Speech) -> Instruction:
    embedding = np.ones(256, np.float32) / 16
    return Instruction(HEARD, "angry", 0.8, "strongly", {"AU4": 0.8}, 0.9, embedding)


def is_deaf(speech: Speech) -> Instruction:
    raise InstructionError("there are no weights")


@lru_cache(maxsize=4)
def tiny(**options: Any) -> AviTalkingGenerator:
    return random_generator(replace(TINY, n_motion=built_in_space().n_motion), listen=hears)


def line(seconds: float = 6.0, *, sound: bool = True) -> Speech:
    """Phones, loudness and, with sound, noise as samples."""
    rng = np.random.default_rng(0)
    phones, clock = [], 0.0
    for phone in ["sil", *("m", "a", "p", "i", "s", "f", "ɔ", "b", "ə") * 40]:
        end = min(clock + float(rng.uniform(0.06, 0.18)), seconds)
        phones.append(Phone(phone, clock, end))
        clock = end
        if clock >= seconds:
            break
    loudness = np.full(int(seconds * 100) + 1, -20.0, np.float32)
    samples = rng.normal(0, 0.05, int(16000 * seconds)) if sound else np.zeros(0)
    return Speech(samples.astype(np.float32), seconds, tuple(phones), loudness)


def ask(**fields: Any) -> GenerateRequest:
    return GenerateRequest(request_id="a", generator="avi_talking", **fields)


def made(plan: Plan, generator: AviTalkingGenerator) -> list[Frames]:
    frames: list[Frames] = []
    while plan.next_window < plan.n_windows:
        frames += generator.denoise([plan], lambda: None)
    return frames


def take(request: GenerateRequest, speech: Speech | None = None) -> dict[str, Array]:
    """All layers of a take made alone, its angles and its FLAME coefficients."""
    plan = tiny().plan(request, speech or line(), request.seed)
    return joined(plan, made(plan, tiny()))


def joined(plan: Plan, frames: list[Frames]) -> dict[str, Array]:
    found = {name: np.concatenate([f.layers[name] for f in frames]) for name in LAYERS}
    found["head"] = np.concatenate([f.head for f in frames])
    found["eyes"] = np.concatenate([f.eyes for f in frames])
    assert len(found["head"]) == plan.n_frames
    flame = [f.flame for f in frames if f.flame is not None]
    found["expression"] = np.concatenate([f.expression for f in flame])
    found["jaw"] = np.concatenate([f.jaw for f in flame])
    return found


def face(take: dict[str, Array]) -> Array:
    return np.clip(np.sum([take[name] for name in LAYERS], axis=0), 0.0, 1.0)


STRIP = StripSpec("AU4", 2.0, 3.0)


def test_the_same_request_is_the_same_take_and_another_seed_another() -> None:
    request = ask(direction="furious", strips=(STRIP,), seed=5)
    one, again, other = take(request), take(request), take(replace(request, seed=6))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert np.abs(one["emotion"] - other["emotion"]).max() > 1e-3


def test_takes_have_their_lips_in_the_same_place() -> None:
    lips = INDEX["mouthClose"]
    takes = [take(ask(direction="furious", seed=seed)) for seed in range(3)]
    closed = [face(t)[:, lips] > 0.9 * 0.95 * face(t)[:, INDEX["jawOpen"]] for t in takes]
    assert np.array_equal(takes[0]["lips"], takes[1]["lips"])
    plan = tiny().plan(ask(direction="furious"), line(), 0)
    for contact in plan.contacts:
        if contact.kind != "lips":
            continue
        frame = round(25 * 0.5 * (contact.start + contact.end))
        near = slice(max(frame - 1, 0), frame + 2)
        assert all(c[near].any() for c in closed)


def test_a_take_is_the_same_bits_alone_and_in_a_batch() -> None:
    requests = [ask(direction="sad", seed=1), ask(emotion="happy", seed=2)]
    generator = tiny()
    plans = [generator.plan(r, line(), r.seed) for r in requests]
    frames: list[list[Frames]] = [[], []]
    while plans[0].next_window < plans[0].n_windows:
        for found, new in zip(frames, generator.denoise(plans, lambda: None), strict=True):
            found.append(new)
    for request, plan, found in zip(requests, plans, frames, strict=True):
        alone, together = take(request), joined(plan, found)
        assert all(np.array_equal(alone[name], together[name]) for name in alone)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.7, 6.0, 9.3])
def test_a_line_of_any_length_has_all_its_frames_in_order(seconds: float) -> None:
    plan = tiny().plan(ask(direction="furious"), line(seconds), 0)
    frames = made(plan, tiny())
    starts = [f.start_frame for f in frames]
    assert starts == [0, *np.cumsum([len(f.head) for f in frames])[:-1].tolist()]
    assert sum(len(f.head) for f in frames) == int(np.ceil(25 * seconds - 1e-6))


def test_no_seam_shows_between_windows() -> None:
    plan = tiny().plan(ask(direction="furious"), line(12.0), 3)
    found = joined(plan, made(plan, tiny()))
    hop = plan.state["take"].windows.hop
    first = TINY.n_frames - TINY.n_ahead
    seams = np.arange(first, plan.n_frames, hop)
    speed = np.abs(np.diff(found["emotion"], axis=0)).sum(axis=1)
    at_seams = np.median([speed[s - 2 : s + 2].max() for s in seams])
    elsewhere = np.median([speed[s + hop // 2 - 2 : s + hop // 2 + 2].max() for s in seams[:-1]])
    assert at_seams < 1.5 * elsewhere + 1e-3


def test_flame_coefficients_are_the_face_that_the_layers_make() -> None:
    found = take(ask(direction="furious", strips=(STRIP,), seed=5))
    space = built_in_space()
    clip = FlameClip(found["expression"], 25.0, space.shapes.model.basis_id, jaw=found["jaw"])
    back = flame_to_arkit(clip).clip.coefficients
    gaze = [k for name, k in INDEX.items() if name.startswith("eyeLook")]
    apart = np.abs(back - face(found))
    apart[:, gaze] = 0.0
    assert apart.mean() < 0.01


def test_nothing_asked_for_is_asked_of_the_voice_and_said() -> None:
    plan = tiny().plan(ask(), line(), 0)
    assert any(HEARD in note for note in plan.notes)
    assert plan.provenance == {"instruction": HEARD, "instruction_heard": HEARD}


def test_words_of_the_user_win_over_the_voice() -> None:
    plan = tiny().plan(ask(direction="calm and happy"), line(), 0)
    assert plan.provenance == {"instruction": "calm and happy"}
    assert not plan.notes


def test_an_emotion_is_asked_for_as_a_sentence() -> None:
    plan = tiny().plan(ask(emotion="angry", intensity=0.8), line(), 0)
    assert plan.provenance == {"instruction": "the speaker is very angry."}
    assert plain_sentence("neutral", 0.9) == "the speaker is neutral."


def test_a_silent_line_and_a_missing_first_stage_are_neutral() -> None:
    silent = tiny().plan(ask(), line(sound=False), 0)
    assert silent.provenance == {"instruction": "the speaker is neutral."}
    config = replace(TINY, n_motion=built_in_space().n_motion)
    deaf = random_generator(config, listen=is_deaf).plan(ask(), line(), 0)
    assert deaf.provenance == {"instruction": "the speaker is neutral."}
    assert "no weights" in deaf.notes[0]


def test_without_a_language_model_the_voice_itself_is_the_instruction() -> None:
    config = replace(TINY, n_motion=built_in_space().n_motion)
    by_words = random_generator(config, listen=hears)
    by_voice = random_generator(config, listen=hears, by_words=False)
    styles = [g.plan(ask(), line(), 0).state["take"].styles.numpy() for g in (by_words, by_voice)]
    assert np.abs(styles[0] - styles[1]).max() > 1e-3


def test_a_direction_strip_changes_the_style_smoothly_and_only_there() -> None:
    plain = take(ask(direction="happy", seed=1))
    changed = take(
        ask(direction="happy", direction_strips=(DirectionStrip("furious", 3.0, 4.5),), seed=1)
    )
    apart = np.abs(changed["emotion"] - plain["emotion"]).max(axis=1)
    reach = (TINY.reach * TINY.n_layers + 14) / 25
    frames = np.arange(len(apart)) / 25
    outside = (frames < 3.0 - reach) | (frames > 4.5 + reach)
    assert apart[outside].max() < 2e-3
    assert apart[round(3.7 * 25)] > 1e-3
    brows = [INDEX[name] for name in REGIONS["brow"]]
    course = (changed["emotion"] - plain["emotion"])[:, brows].mean(axis=1)
    assert np.abs(np.diff(course)).max() < 0.4 * np.abs(course).max()


def test_a_direction_strip_is_as_strong_as_the_same_words_for_the_line() -> None:
    whole = take(ask(direction="furious", seed=1))["emotion"]
    strip = take(ask(direction_strips=(DirectionStrip("furious", 0.0, 60.0),), seed=1))["emotion"]
    assert np.abs(strip).sum() == pytest.approx(np.abs(whole).sum(), rel=0.05)


def test_an_au_strip_is_laid_over_and_stays_inside() -> None:
    plain, marked = (
        take(ask(direction="happy", seed=2)),
        take(ask(direction="happy", strips=(STRIP,), seed=2)),
    )
    frames = np.arange(len(plain["lips"])) / 25
    outside = (frames < 2.0) | (frames > 3.0)
    assert np.array_equal(plain["lips"], marked["lips"])
    assert np.array_equal(plain["emotion"], marked["emotion"])
    assert not marked["strips"][outside].any()
    assert face(marked)[round(2.5 * 25), INDEX["browDownLeft"]] > 0.9


def test_a_pose_is_held_while_the_line_is_spoken() -> None:
    found = take(ask(pose={"browInnerUp": 0.8}))
    shown = found["lips"] + found["emotion"]
    assert np.allclose(shown[:, INDEX["browInnerUp"]], 0.8, atol=0.02)


def test_intensity_scales_a_direction_and_says_so() -> None:
    weak, plain = (take(ask(direction="furious", intensity=i, seed=1)) for i in (0.1, 0.5))
    assert np.abs(weak["emotion"]).mean() < 0.6 * np.abs(plain["emotion"]).mean()
    plan = tiny().plan(ask(direction="furious", intensity=0.1), line(), 0)
    assert "0.1" in plan.notes[0]


def test_more_guidance_and_steps_change_the_style_that_is_drawn() -> None:
    def styles(**fields: Any) -> NDArray[np.float32]:
        return tiny().plan(ask(direction="sad", **fields), line(), 4).state["take"].styles.numpy()

    assert np.abs(styles() - styles(guidance={"emotion": 3.0})).max() > 1e-3
    assert np.abs(styles() - styles(steps=9)).max() > 1e-4


def test_the_papers_size_reads_wav2vec_from_a_local_folder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(20, 16), num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2, num_feat_extract_layers=2,
    )  # fmt: skip
    folder = str(tmp_path / "wav2vec2")
    transformers.Wav2Vec2Model(config).save_pretrained(folder, safe_serialization=True)
    sizes = replace(
        TINY, n_motion=built_in_space().n_motion, n_audio=16, speech_encoder="wav2vec2",
        residual=False,
    )  # fmt: skip
    generator = random_generator(sizes, encoders=tmp_path)
    plan = generator.plan(ask(direction="sad"), line(3.0), 0)
    assert joined(plan, made(plan, generator))["emotion"].any()
    with pytest.raises(EncoderError, match=r"no wav2vec 2.0 checkpoint"):
        random_generator(sizes, encoders=tmp_path / "nowhere")
    assert (PAPER.speech_encoder, PAPER.text_encoder, PAPER.residual) == ("wav2vec2", "clip", False)


def test_its_controls_are_among_those_that_the_service_knows() -> None:
    assert set(CONTROLS) <= set(ALL_CONTROLS)
    assert AviTalkingGenerator.understands == frozenset(CONTROLS)
