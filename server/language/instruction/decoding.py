"""From a prompt to a sentence: word by word the likeliest, by a beam, or drawn by a seed.

Shapes: B sentences at once, P tokens of the prompt, D width, V words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from .words import PAD, CausalModel

LONGEST: Final = 64
"""Tokens of a sentence."""


def _chances(model: CausalModel, logits: Tensor) -> Tensor:
    """Log-probabilities [B, V]; marks that no sentence holds have none."""
    closed = logits.float().clone()
    closed[:, [i for i in {PAD, model.bos} if i != model.eos]] = float("-inf")
    return torch.log_softmax(closed, -1)


def _spoken(
    model: CausalModel, prompts: Tensor, choose: Callable[[Tensor], Tensor]
) -> list[list[int]]:
    """Sentences after prompts [B, P, D], each next word chosen [B] from its chances [B, V]."""
    said: list[list[int]] = [[] for _ in range(len(prompts))]
    ended = torch.zeros(len(prompts), dtype=torch.bool)
    logits, state = model.next_logits(prompts)
    for _ in range(LONGEST):
        words = choose(_chances(model, logits)).cpu()
        ended |= words == model.eos
        if bool(ended.all()):
            break
        for i in torch.nonzero(~ended)[:, 0].tolist():
            said[i].append(int(words[i]))
        embedded = model.embed(words[:, None].to(prompts.device)).to(prompts.dtype)
        logits, state = model.next_logits(embedded, state)
    return said


@torch.inference_mode()
def greedy(model: CausalModel, prompts: Tensor) -> list[list[int]]:
    """The likeliest next word each time, for prompts [B, P, D]; sentences without end marks."""
    return _spoken(model, prompts, lambda chances: chances.argmax(-1))


@torch.inference_mode()
def drawn(
    model: CausalModel, prompts: Tensor, seed: int, temperature: float = 0.8, n_top: int = 12
) -> list[list[int]]:
    """Sentences drawn word by word among the `n_top` likeliest, the same for the same seed."""
    dice = torch.Generator().manual_seed(seed)

    def choose(chances: Tensor) -> Tensor:
        top = torch.topk(chances.cpu(), min(n_top, chances.shape[1]))
        places = torch.multinomial(torch.softmax(top.values / temperature, -1), 1, generator=dice)
        return top.indices.gather(1, places)[:, 0]

    return _spoken(model, prompts, choose)


@torch.inference_mode()
def beam(model: CausalModel, prompt: Tensor, n_beams: int = 4) -> list[int]:
    """The likeliest sentence that a beam of `n_beams` finds after one prompt [1, P, D]."""
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    ended: list[tuple[float, list[int]]] = []
    for _ in range(LONGEST):
        chances = _chances(model, _after(model, prompt, [ids for _, ids in beams]))
        chances += torch.tensor([score for score, _ in beams], device=chances.device)[:, None]
        top = torch.topk(chances.flatten(), min(2 * n_beams, chances.numel()))
        grown = [
            (score, [*beams[place // chances.shape[1]][1], place % chances.shape[1]])
            for score, place in zip(top.values.tolist(), top.indices.tolist(), strict=True)
        ]
        ended += [(score, ids[:-1]) for score, ids in grown[:n_beams] if ids[-1] == model.eos]
        beams = [(score, ids) for score, ids in grown if ids[-1] != model.eos][:n_beams]
        if len(ended) >= n_beams:
            break
    return max(ended or beams)[1]


def _after(model: CausalModel, prompt: Tensor, said: list[list[int]]) -> Tensor:
    """Logits of the next token after each of n beginnings of equal length, [n, V]."""
    embeddings = prompt.expand(len(said), -1, -1)
    if said[0]:
        words = model.embed(torch.tensor(said, device=prompt.device))
        embeddings = torch.cat([embeddings, words.to(prompt.dtype)], 1)
    return model.next_logits(embeddings)[0]
