"""What the text AU detector is trained on: Cafe-Talk's terms, with an intensity and a family term.

BCE on AUs, InfoNCE between text and AUs (Appendix F); the families' cross entropy tells what a
text means where its AUs do not, and "unknown" is the family of texts that mean no face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from server.language.detector import UNKNOWN, TextAuDetector, face_vector, family_columns

from .tead import Quadruple

_NO_FAMILY: Final = -100


@dataclass(frozen=True)
class Examples:
    """TEAD as arrays.

    Attributes:
        texts: [n]. aus: float32 [n, n_aus]. families: int64 [n], -100 where there is none.
        explicit: float32 [n].
    """

    texts: tuple[str, ...]
    aus: NDArray[np.float32]
    families: NDArray[np.int64]
    explicit: NDArray[np.float32]


def examples_of(quadruples: Sequence[Quadruple]) -> Examples:
    """Arrays of quadruples."""
    column = {name: i for i, name in enumerate(family_columns())}
    return Examples(
        tuple(q.text for q in quadruples),
        np.stack([face_vector(q.aus) for q in quadruples]),
        np.array([column[q.family] if q.family else _NO_FAMILY for q in quadruples]),
        np.array([float(q.explicit) for q in quadruples], np.float32),
    )


class DetectorLoss:
    """The detector's terms for one batch; AUs that are seldom asked weigh more."""

    def __init__(self, examples: Examples) -> None:
        share = examples.aus.astype(bool).mean(0)
        weight = np.clip(((1 - share) / np.maximum(share, 1e-3)) ** 0.35, 1.0, 6.0)
        self._weight = torch.from_numpy(weight.astype(np.float32))
        self._unknown = family_columns().index(UNKNOWN)

    def __call__(
        self,
        detector: TextAuDetector,
        embedding: Tensor,
        examples: Examples,
        rows: NDArray[np.int64],
    ) -> Tensor:
        aus = torch.from_numpy(examples.aus[rows])
        family = torch.from_numpy(examples.families[rows])
        explicit = torch.from_numpy(examples.explicit[rows])
        adapted = detector.adapt(embedding)
        present = (aus > 0).float()
        logits = detector.presence(adapted)
        bce = nn.functional.binary_cross_entropy_with_logits(
            logits, present, pos_weight=self._weight
        )
        intensity = torch.sigmoid(detector.intensity(adapted))
        amount = ((intensity - aus).square() * present).sum() / present.sum().clamp_min(1)
        family_logits = detector.family(adapted)
        named = nn.functional.cross_entropy(family_logits, family, ignore_index=_NO_FAMILY)
        known = torch.log_softmax(family_logits, -1)[:, self._unknown].exp()
        spoken = -(torch.log1p(-known.clamp_max(0.99)) * (family == _NO_FAMILY)).mean()
        explicit_loss = nn.functional.binary_cross_entropy_with_logits(
            detector.explicit(adapted).squeeze(-1), explicit
        )
        contrast = self.contrast(detector, adapted, aus)
        return 12 * bce + 6 * amount + 0.5 * named + spoken + 0.5 * explicit_loss + 0.3 * contrast

    @staticmethod
    def contrast(detector: TextAuDetector, adapted: Tensor, aus: Tensor) -> Tensor:
        """InfoNCE both ways; texts of the very same face are all positives."""
        text = nn.functional.normalize(adapted, dim=-1)
        face = nn.functional.normalize(detector.au_embedding(aus), dim=-1)
        logits = text @ face.T / 0.07
        same = ((aus[:, None] - aus[None]).abs().amax(-1) < 5e-3).float()
        target = same / same.sum(1, keepdim=True)
        forth = -(target * torch.log_softmax(logits, 1)).sum(1).mean()
        back = -(target.T * torch.log_softmax(logits, 0)).sum(0).mean()
        return 0.5 * (forth + back)
