"""pocketsphinx as a second opinion on the ears: it hears and aligns, or says why not."""

from __future__ import annotations

import numpy as np
import pytest

from server.evaluation.sphinx import SphinxRecogniser
from server.evaluation.sphinx_alignment import spelled, words_of
from server.speech.recogniser import SAMPLE_RATE, RecogniserError


@pytest.fixture(scope="module")
def reference() -> SphinxRecogniser:
    try:
        return SphinxRecogniser()
    except RecogniserError as error:
        pytest.skip(str(error))


def test_words_are_found_and_unknown_ones_spelled() -> None:
    assert words_of("Don’t [cough] stop, Zoë <noise>!") == ["don't", "stop", "zoe"]
    assert spelled("ship") == "SH IH P"


@pytest.mark.parametrize("words", ["", "!!!", "hello there"])
def test_noise_is_heard_from_end_to_end_whatever_the_words(
    reference: SphinxRecogniser, words: str
) -> None:
    noise = np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32) * 0.05
    heard = reference.recognise(noise, words or None)
    assert heard.phones[0].start == 0.0
    assert heard.phones[-1].end == pytest.approx(2.0)
    if words == "!!!":
        assert "transcript" in heard.notes[0]
