"""ExpCLIP's blendshape autoencoder and projectors: text, pictures and expressions in one space.

`BlendshapeEncoder` E and `BlendshapeDecoder` D are transformers over tokens of the face; the
projector P carries a text embedding into E's space, the image projector that of a picture. Sizes:
`PAPER` has 8 + 8 layers and a token for each blendshape; `BASE` has 2 + 2 layers and a token for
each region, which a CPU can train. Only shapes and networks here; the losses are in
server/training/language and server/training/expclip.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arkit.names import ARKIT_NAMES, REGIONS

from .errors import WeightsError

_GAZE: Final = tuple(name for name in ARKIT_NAMES if name.startswith("eyeLook"))


def _groups(one_each: bool) -> tuple[tuple[str, ...], ...]:
    """The blendshapes of each token: one each, or by region with gaze apart."""
    if one_each:
        return tuple((name,) for name in ARKIT_NAMES)
    regions = [tuple(name for name in names if name not in _GAZE) for names in REGIONS.values()]
    return (*regions, _GAZE)


@dataclass(frozen=True)
class AutoencoderConfig:
    """Sizes of the autoencoder and projector.

    Attributes:
        n_layers: of the encoder, and of the decoder. n_state: width of a token.
        n_embedding: width of the joint space. n_text: width of the text embedding.
        token_each: a token for each blendshape (the paper's reading) or for each region.
    """

    n_layers: int = 2
    n_state: int = 96
    n_heads: int = 4
    n_embedding: int = 256
    n_text: int = 256
    n_hidden: int = 384
    token_each: bool = False


BASE: Final = AutoencoderConfig()
PAPER: Final = AutoencoderConfig(8, 512, 8, 512, 512, 1024, token_each=True)
TINY: Final = AutoencoderConfig(1, 16, 2, 32, 32, 32)


def _stack(config: AutoencoderConfig) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        config.n_state, config.n_heads, 2 * config.n_state, dropout=0.0, activation="gelu",
        batch_first=True, norm_first=True,
    )  # fmt: skip
    return nn.TransformerEncoder(layer, config.n_layers, enable_nested_tensor=False)


class _Groups(nn.Module):
    """Which columns make which token."""

    columns: Tensor
    used: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        groups = _groups(config.token_each)
        self.n_tokens = len(groups)
        self.widest = max(len(group) for group in groups)
        columns = torch.zeros(self.n_tokens, self.widest, dtype=torch.long)
        used = torch.zeros(self.n_tokens, self.widest)
        for i, group in enumerate(groups):
            for j, name in enumerate(group):
                columns[i, j] = ARKIT_NAMES.index(name)
                used[i, j] = 1.0
        self.register_buffer("columns", columns, persistent=False)
        self.register_buffer("used", used, persistent=False)


class BlendshapeEncoder(_Groups):
    """E: coefficients [B, 52] -> unit embedding [B, n_embedding]."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(config)
        self.read = nn.Parameter(torch.randn(self.n_tokens, self.widest, config.n_state) * 0.3)
        self.name = nn.Parameter(torch.randn(self.n_tokens, config.n_state) * 0.1)
        self.layers = _stack(config)
        self.norm = nn.LayerNorm(self.n_tokens * config.n_state)
        self.out = nn.Linear(self.n_tokens * config.n_state, config.n_embedding)

    def forward(self, coefficients: Tensor) -> Tensor:
        values = coefficients[:, self.columns] * self.used  # [B, N, widest]
        tokens = torch.einsum("bnk,nkd->bnd", values, self.read) + self.name
        state = self.layers(tokens).flatten(1)
        return nn.functional.normalize(self.out(self.norm(state)), dim=-1)


class BlendshapeDecoder(_Groups):
    """D: embedding [B, n_embedding] -> coefficients [B, 52] in 0..1."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(config)
        self.n_state = config.n_state
        self.spread = nn.Linear(config.n_embedding, self.n_tokens * config.n_state)
        self.layers = _stack(config)
        self.write = nn.Parameter(torch.randn(self.n_tokens, self.widest, config.n_state) * 0.1)
        self.bias = nn.Parameter(torch.zeros(self.n_tokens, self.widest))

    def forward(self, embedding: Tensor) -> Tensor:
        scaled = embedding * embedding.shape[-1] ** 0.5
        tokens = self.spread(scaled).view(len(embedding), self.n_tokens, self.n_state)
        values = torch.einsum("bnd,nkd->bnk", self.layers(tokens), self.write) + self.bias
        result = torch.zeros(len(embedding), len(ARKIT_NAMES), dtype=values.dtype)
        flat = self.columns.flatten()
        result = result.to(values.device).index_add(1, flat, (values * self.used).flatten(1))
        return result if self.training else result.clamp(0.0, 1.0)


class TextProjector(nn.Module):
    """P: text embedding [B, n_text] -> unit embedding [B, n_embedding]."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(config.n_text, config.n_hidden),
            nn.GELU(),
            nn.Linear(config.n_hidden, config.n_embedding),
        )

    def forward(self, text: Tensor) -> Tensor:
        return nn.functional.normalize(self.layers(text * text.shape[-1] ** 0.5), dim=-1)


@dataclass(frozen=True)
class ProjectorConfig:
    """Widths of an image projector: CLIP's embedding, inside, and of the joint space."""

    n_image: int = 512
    n_hidden: int = 512
    n_embedding: int = 256


class ImageProjector(nn.Module):
    """P_img: CLIP image embedding [B, n_image] -> unit embedding [B, n_embedding].

    Embeddings of faces lie close together in CLIP's space: `middle` and `spread` [n_image] bring
    those of the training pictures to mean 0 and deviation 1. `probe` [n_image] is what its CLIP
    makes of one known picture, so that another CLIP is noticed.
    """

    middle: Tensor
    spread: Tensor
    probe: Tensor

    def __init__(self, config: ProjectorConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Linear(config.n_image, config.n_hidden),
            nn.GELU(),
            nn.Linear(config.n_hidden, config.n_embedding),
        )
        self.register_buffer("middle", torch.zeros(config.n_image))
        self.register_buffer("spread", torch.ones(config.n_image))
        self.register_buffer("probe", torch.zeros(config.n_image))

    def forward(self, image: Tensor) -> Tensor:
        return nn.functional.normalize(self.layers((image - self.middle) / self.spread), dim=-1)


class ExpClip(nn.Module):
    """E, D and P together, with the few questions that the product asks."""

    def __init__(self, config: AutoencoderConfig = BASE) -> None:
        super().__init__()
        self.config = config
        self.encoder = BlendshapeEncoder(config)
        self.decoder = BlendshapeDecoder(config)
        self.projector = TextProjector(config)

    @torch.inference_mode()
    def embed_pose(self, pose: Mapping[str, float]) -> NDArray[np.float32]:
        """A posed expression (names -> 0..1) -> its unit embedding [n_embedding]."""
        row = torch.tensor([[float(pose.get(name, 0.0)) for name in ARKIT_NAMES]])
        return self.encoder(row)[0].numpy()

    @torch.inference_mode()
    def embed_text(self, text: NDArray[np.float32]) -> NDArray[np.float32]:
        """Text embeddings [B, n_text] -> unit embeddings [B, n_embedding]."""
        return self.projector(torch.from_numpy(text)).numpy()

    @torch.inference_mode()
    def decode(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings [B, n_embedding] -> coefficients [B, 52], ARKit order."""
        return self.decoder(torch.from_numpy(embedding)).clamp(0.0, 1.0).numpy()


def save_projector(model: ImageProjector, path: Path, note: dict[str, str]) -> None:
    """Write an image projector, as it is: it is small and stays where it was made."""
    from safetensors.torch import save_file

    save_file(
        dict(model.state_dict()),
        str(path),
        metadata={"config": json.dumps(asdict(model.config)), **note},
    )


def load_projector(path: Path) -> ImageProjector:
    """Read what `save_projector` wrote.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    stored, config = _read(path, "an image projector")
    try:
        model = ImageProjector(ProjectorConfig(**config))
        model.load_state_dict(stored)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} is not an image projector: {error}") from error
    return model.eval()


def _read(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a weights file, as float32, and the config that stands in it."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there is not {what} at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            return stored, dict(json.loads(file.metadata()["config"]))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is not {what}: {error}") from error


def save_expclip(model: ExpClip, path: Path, note: dict[str, str]) -> None:
    """Write the three networks as float16."""
    from safetensors.torch import save_file

    stored = {name: value.to(torch.float16) for name, value in model.state_dict().items()}
    save_file(stored, str(path), metadata={"config": json.dumps(asdict(model.config)), **note})


def load_expclip(path: Path) -> ExpClip:
    """Read what `save_expclip` wrote.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    if not path.is_file():
        raise WeightsError(f"there are no expression autoencoder weights at {path}")
    stored, config = _read(path, "an autoencoder of this version")
    try:
        model = ExpClip(AutoencoderConfig(**config))
        model.load_state_dict(stored)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} is not an autoencoder of this version: {error}") from error
    return model.eval()
