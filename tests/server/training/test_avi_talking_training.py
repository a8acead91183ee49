"""Training of AVI-Talking's synthesis, on a store of a few made-up lines."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.avi_talking.config import TINY
from server.generators.avi_talking.following import Follower
from server.generators.avi_talking.space import built_in_space
from server.generators.spoken import N_SPOKEN
from server.language.errors import EncoderError
from server.training.avi_talking import losses
from server.training.avi_talking.batches import Drawer, lips_motion, reference_frames
from server.training.avi_talking.follow import (
    FollowTeacher,
    Material,
    contrast,
    styles_of,
    train_follower,
)
from server.training.avi_talking.sentences import embedded, of_line, shown_face
from server.training.avi_talking.store import LIPS, MotionStore, make_heard, open_motion
from server.training.avi_talking.train import Recipe, Teacher, opened, teacher_of, train_prior
from server.training.cafe_talk.store import Store, StoredLine, rest_face
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import Utterance

RECIPE = Recipe(
    size="tiny", batch=4, rate=1e-2, most_steps=40, minutes=5.0, follow_batch=8,
    extra={"n_motion": built_in_space().n_motion, "n_frames": 24},
)  # fmt: skip
LENGTHS = (60, 20, 90, 45)
EMOTIONS = ("angry", "happy", "angry", "happy")


def make_store() -> MotionStore:
    """Four lines: angry ones hold brows down, happy ones smile."""
    rng = np.random.default_rng(0)
    faces = np.zeros((sum(LENGTHS), len(ARKIT_NAMES)))
    lines, start = [], 0
    for number, (frames, emotion) in enumerate(zip(LENGTHS, EMOTIONS, strict=True)):
        name = "browDownLeft" if emotion == "angry" else "mouthSmileLeft"
        faces[start : start + frames, INDEX[name]] = 0.8
        lines.append(
            StoredLine(start, frames, "train", False, "Ada", emotion, 0.6, (), ("a",), number)
        )
        start += frames
    features = rng.uniform(0, 0.2, (start, N_SPOKEN))
    features[:, LIPS] = 0.0
    store = Store(
        features.astype(np.float16), faces.astype(np.float16), np.ones((4, 52), bool),
        np.zeros((4, 8), np.float32), tuple(lines),
    )  # fmt: skip
    return MotionStore(store, built_in_space().of_blendshapes(faces).astype(np.float16))


def make_teacher() -> Teacher:
    return teacher_of(RECIPE, make_store())


def test_predicted_frames_are_never_among_the_references() -> None:
    drawer, rng = make_teacher().drawer, np.random.default_rng(1)
    for _ in range(20):
        rows, references, counts = drawer._window(2, rng)
        counted = rows[counts > 0]
        assert len(counted)
        assert not set(counted) & set(references)


def test_frames_beyond_a_short_line_do_not_count() -> None:
    drawer = make_teacher().drawer
    rows, _, counts = drawer._window(1, np.random.default_rng(0))
    assert rows.max() == 60 + 19
    assert not counts[20:].any()


@pytest.mark.parametrize("n_frames", [1, 2, 7, 200])
def test_a_line_of_any_length_has_its_references(n_frames: int) -> None:
    drawn = reference_frames(n_frames, 6, np.random.default_rng(0))
    assert len(drawn) == 6
    assert len(set(drawn)) == max(1, min(6, n_frames // 2))


def test_lips_are_read_from_the_features() -> None:
    audio = np.zeros((1, 3, N_SPOKEN), np.float32)
    audio[0, 1, LIPS.start + INDEX["jawOpen"]] = 1.0
    lips = lips_motion(audio)
    assert not lips[0, 0].any()
    assert np.linalg.norm(lips[0, 1]) > 1.0  # mm


def test_a_loss_is_in_square_millimetres_and_none_for_the_truth() -> None:
    motion = torch.zeros(1, 4, built_in_space().n_motion)
    counts = torch.ones(1, 4)
    moved = motion.clone()
    moved[..., -1] = 2.0  # the jaw, which no upper face has
    assert losses.reconstruction(motion, motion, counts) == 0
    assert losses.reconstruction(moved, motion, counts) == pytest.approx(4.0, rel=0.01)
    assert losses.velocity(moved, motion, counts) == 0
    assert losses.reconstruction(moved, motion, 0 * counts) == 0


def test_a_few_steps_of_the_talking_prior_lower_its_loss(tmp_path: Path) -> None:
    store = make_store()
    before = float(teacher_of(RECIPE, store).loss(np.random.default_rng(7)).detach())
    prior = train_prior(RECIPE, store, tmp_path)
    teacher = Teacher(prior, Drawer(store, prior.config, "train"), RECIPE)
    after = float(teacher.loss(np.random.default_rng(7)).detach())
    assert after < 0.5 * before
    state = torch.load(tmp_path / "prior.pt", weights_only=True)
    assert state["step"] == 40


HEARING = replace(
    RECIPE, extra={**RECIPE.extra, "speech_encoder": "wav2vec2", "n_audio": 6, "residual": False}
)
"""The paper's way, tiny: the network hears an encoder and makes the whole face."""


def written(store: Store, folder: Path) -> Path:
    folder.mkdir()
    store.features.tofile(folder / "features.f16")
    store.faces.tofile(folder / "faces.f16")
    np.save(folder / "valid.npy", store.valid)
    np.save(folder / "statistics.npy", store.statistics)
    (folder / "lines.json").write_text(json.dumps([asdict(line) for line in store.lines]), "utf-8")
    return folder


def heard_store(tmp_path: Path) -> MotionStore:
    """The four lines by a corpus whose sound tells an encoder the number of the line."""

    def layers(number: int) -> np.ndarray:
        acted = np.zeros((LENGTHS[number], len(LAYERS), len(ARKIT_NAMES)))
        acted[:, LAYERS.index("emotion"), INDEX["mouthSmileLeft"]] = 0.2 * number
        return acted

    class Encoder:
        def encode(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            clock = np.arange(0.0, len(samples) / 16000, 0.02)
            return np.full((len(clock), 6), samples[0], np.float32), clock

    corpus: Any = SimpleNamespace(
        fps=25.0, layers=layers,
        audio=lambda n: np.full(LENGTHS[n] * 640, n, np.float32),
    )  # fmt: skip
    cafe_talk = written(make_store().spoken, tmp_path / "cafe_talk")
    make_heard(cafe_talk, tmp_path / "motion", corpus, Encoder())
    return open_motion(cafe_talk, tmp_path / "motion", heard=True)


def test_what_an_encoder_hears_is_kept_beside_the_motion_of_the_sound(tmp_path: Path) -> None:
    store = heard_store(tmp_path)
    assert store.heard is not None
    for number in range(4):
        assert (store.heard[store.rows(number)] == number).all()
    face = np.clip(rest_face("Ada") + 0.4 * np.eye(len(ARKIT_NAMES))[INDEX["mouthSmileLeft"]], 0, 1)
    motion = built_in_space().of_blendshapes(face[None])[0]
    assert np.abs(store.motion[store.rows(2)] - motion).max() < 0.02  # mm, as half floats


def test_the_papers_network_learns_from_what_an_encoder_hears(tmp_path: Path) -> None:
    store = heard_store(tmp_path)
    before = float(teacher_of(HEARING, store).loss(np.random.default_rng(7)).detach())
    prior = train_prior(HEARING, store, tmp_path)
    teacher = Teacher(prior, Drawer(store, prior.config, "train"), HEARING)
    after = float(teacher.loss(np.random.default_rng(7)).detach())
    assert after < 0.5 * before


def test_a_store_that_does_not_hold_what_the_network_hears_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="6 features of 'wav2vec2'"):
        teacher_of(HEARING, make_store())
    with pytest.raises(EncoderError, match="of another encoder"):
        teacher_of(RECIPE, heard_store(tmp_path))
    with pytest.raises(EncoderError, match="no corpus with audio"):
        opened(HEARING, tmp_path, tmp_path, None, None)


def test_a_text_encoder_of_another_width_is_refused(tmp_path: Path) -> None:
    store = make_store()
    prior = teacher_of(RECIPE, store).prior
    material = Material(SimpleNamespace(utterances=()), store, tmp_path)  # type: ignore[arg-type]
    encoder: Any = SimpleNamespace(width=512)
    with pytest.raises(EncoderError, match="width 512"):
        train_follower(RECIPE, prior, material, tmp_path / "x.pt", encoder)


def follow_teacher(recipe: Recipe) -> FollowTeacher:
    store = make_store()
    prior = teacher_of(recipe, store).prior.eval()
    styles = styles_of(prior, store, [0, 1, 2, 3], 2, 0)

    class Encoder:
        width = 256

        def encode(self, texts: list[str]) -> np.ndarray:
            rows = [np.random.default_rng(len(t)).standard_normal(256) for t in texts]
            return np.array(rows, np.float32) / 16

    wordings = embedded({i: [EMOTIONS[i] * (i + 1), "x" * (20 + i)] for i in range(4)}, Encoder())  # type: ignore[arg-type]
    torch.manual_seed(0)
    return FollowTeacher(Follower(prior.config), wordings, [0, 1, 2, 3], styles, recipe)


def test_a_few_steps_bring_instructions_to_styles() -> None:
    teacher = follow_teacher(RECIPE)
    optimiser = torch.optim.Adam(teacher.follower.parameters(), 1e-2)
    losses_seen = []
    rng = np.random.default_rng(0)
    for _ in range(60):
        loss = teacher.loss(rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses_seen.append(float(loss.detach()))
    assert np.mean(losses_seen[-10:]) < 0.6 * np.mean(losses_seen[:10])


def test_each_part_of_the_objective_can_be_left_out() -> None:
    whole, no_contrast, no_diffusion = (
        float(follow_teacher(replace(RECIPE, **left_out)).loss(np.random.default_rng(0)).detach())
        for left_out in ({}, {"contrast": 0.0}, {"diffusion": 0.0})
    )
    assert 0 < no_diffusion < whole
    assert 0 < no_contrast < whole


def test_the_contrast_is_least_where_each_instruction_has_its_own_style() -> None:
    follower = Follower(replace(TINY, n_motion=built_in_space().n_motion))
    text = torch.randn(6, 256)
    said = follower.alignment(text)[1].detach()
    assert contrast(follower, text, said) < contrast(follower, text, said.flip(0))


def utterance(**fields: object) -> Utterance:
    aus = (("AU4", 0.2, 2.0, 0.7), ("AU7", 0.0, 0.2, 0.9), ("AU10L", 0.0, 1.5, 0.4))
    values: dict[str, Any] = {
        **dict.fromkeys(Utterance.__annotations__), "seconds": 2.0, "emotion": "angry",
        "intensity": 0.6, "families": ("anger",), "words": ("angry",), "direction": "quite angry",
        "phones": (Phone("a", 0, 2),), "expression_aus": aus,
    }  # fmt: skip
    return Utterance(**{**values, **fields})


def test_an_instruction_names_what_is_shown_for_long() -> None:
    assert shown_face(utterance()) == ("angry", 0.85, ("AU10", "AU4"))
    assert shown_face(utterance(expression_aus=())) == ("angry", 0.0, ())


def test_a_line_is_asked_for_in_many_wordings_and_without_augmentation_in_one() -> None:
    composed = ["the speaker is angry: the brows drawn together."]
    rng = np.random.default_rng(0)
    many = of_line(utterance(), composed, True, rng)
    assert {"quite angry", "the speaker is angry.", *composed} <= set(many)
    assert len(many) == 5
    assert of_line(utterance(), composed, False, rng) == composed
