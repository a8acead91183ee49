"""The reader of told situations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from server.language.detector import DetectorConfig, TextAuDetector, guess
from server.language.tables import families, situations
from server.training.language.stories import StoryOptions, story_texts, train_stories
from server.training.language.wording import held_out


def test_the_story_reader_learns_apart_from_the_rest_of_the_detector() -> None:
    options = StoryOptions(steps=120, batch=32, noise=0.1)
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(2, 32)).astype(np.float32)
    kinds = rng.integers(0, 2, 200)
    given = middles[kinds] + 0.1 * rng.normal(size=(200, 32)).astype(np.float32)
    given /= np.linalg.norm(given, axis=1, keepdims=True)
    detector = TextAuDetector(DetectorConfig(width=32, bottleneck=8, n_families=90))
    before = guess(detector, given[:4])
    names = ["joy" if kind else "grief" for kind in kinds]
    train_stories(detector.stories, given, names, options)
    after = guess(detector, given[:4])
    assert [one.families for one in before] == [one.families for one in after]
    read = detector.stories(torch.from_numpy(given)).argmax(1)
    assert (read == torch.tensor([list(families()).index(name) for name in names])).all()


def test_what_names_no_feeling_is_read_as_a_story() -> None:
    detector = TextAuDetector(DetectorConfig(width=32, bottleneck=8, n_families=90)).eval()
    with torch.no_grad():
        detector.explicit.bias.fill_(-9.0)
        detector.stories.plain.bias[list(families()).index("relief")] = 9.0
    given = np.ones((1, 32), np.float32) / 32**0.5
    assert guess(detector, given, stories=True)[0].family == "relief"
    with torch.no_grad():
        detector.explicit.bias.fill_(9.0)
    assert guess(detector, given, stories=True)[0].families == pytest.approx(
        guess(detector, given)[0].families, abs=1e-3
    )


def test_stories_hold_nothing_that_is_held_out() -> None:
    hidden = {s.text for s in situations() if held_out(s.text)}
    texts = story_texts(StoryOptions(frames=1))
    assert not any(text.lower().rstrip(".!") in hidden for text, _ in texts)
    assert {family for _, family in texts} == set(families())
