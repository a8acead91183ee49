"""Sizes of AVI-Talking's synthesis. `PAPER` has the papers' numbers, `BASE` is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.generators.spoken import N_SPOKEN

N_TURNS: Final = 3  # of the jaw's rotation vector


@dataclass(frozen=True)
class AviTalkingConfig:
    """Sizes, rates, and how a style is drawn.

    The paper gives no sizes of its networks; `PAPER` has those of what it builds on (EMOTE,
    StyleTalk, the diffusion prior of DALL-E 2).

    Attributes:
        n_layers, n_state, n_heads, n_hidden: of the talking generator.
        n_style: width of a style embedding z.
        n_style_layers, n_style_state: of the style encoder. n_references: frames that it reads (S).
        n_prior_layers, n_prior_state, n_prior_hidden: of alignment and diffusion prior.
        n_audio, n_text: widths of the encoders' features.
        n_motion: coordinates of a face: expressions and the jaw (see `space`).
        speech_encoder: "phones" (our ears, see `server.generators.spoken`) or "wav2vec2".
        text_encoder: "builtin" or "clip".
        residual: the network says what to add to the articulated mouth, which speech then brings.
        is_diffusion: False takes the style that the aligned instruction itself predicts (the
            ablation "w/o Diffusion").
        emotions, actors: labels of the linear style net. basis_id: of the FLAME model spoken in.
        fps: frames per second. n_frames, n_given, n_ahead: see `server.generators.windows`; given
            frames are heard once more, not fixed.
        reach: frames that attention looks to either side.
        n_steps, exponent: of `server.generators.diffusion`. guidance: scale of instructions.
        temperature: standard deviation of the noise that styles are drawn from; above 1 takes
            differ more than performances of one instruction do in the corpus.
    """

    n_layers: int = 8
    n_state: int = 512
    n_heads: int = 8
    n_hidden: int = 1024
    n_style: int = 256
    n_style_layers: int = 4
    n_style_state: int = 256
    n_references: int = 64
    n_prior_layers: int = 12
    n_prior_state: int = 512
    n_prior_hidden: int = 2048
    n_audio: int = 768
    n_text: int = 512
    n_motion: int = 64
    speech_encoder: str = "wav2vec2"
    text_encoder: str = "clip"
    residual: bool = False
    is_diffusion: bool = True
    emotions: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    basis_id: str = ""
    fps: float = 25.0
    n_frames: int = 112
    n_given: int = 12
    n_ahead: int = 12
    reach: int = 12
    n_steps: int = 24
    exponent: float = 1.0
    guidance: float = 1.0
    temperature: float = 1.0


PAPER: Final = AviTalkingConfig()
BASE: Final = AviTalkingConfig(
    n_layers=3, n_state=128, n_heads=4, n_hidden=256, n_style=64, n_style_layers=2,
    n_style_state=96, n_references=24, n_prior_layers=3, n_prior_state=96, n_prior_hidden=256,
    n_audio=N_SPOKEN, n_text=256, speech_encoder="phones", text_encoder="builtin", residual=True,
)  # fmt: skip
TINY: Final = AviTalkingConfig(
    n_layers=1, n_state=16, n_heads=2, n_hidden=16, n_style=8, n_style_layers=1, n_style_state=16,
    n_references=6, n_prior_layers=1, n_prior_state=16, n_prior_hidden=16, n_audio=N_SPOKEN,
    n_text=256, speech_encoder="phones", text_encoder="builtin", residual=True,
    emotions=("neutral", "angry"), actors=("Ada", "Bruno"), n_frames=48, n_given=8, n_ahead=8,
    reach=6, n_steps=3,
)  # fmt: skip
SIZES: Final = {"paper": PAPER, "base": BASE, "tiny": TINY}
