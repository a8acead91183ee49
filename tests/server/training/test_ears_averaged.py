"""The mean of two trainings' weights, also where the later network has grown."""

from __future__ import annotations

import numpy as np
import torch

from server.speech.ears_model import Ears, EarsConfig
from server.training.ears.averaged import averaged
from server.training.ears.train import grown

SHALLOW = EarsConfig(width=32, dilations=(1, 2), futures=(1, 0), bottleneck=16)
DEEP = EarsConfig(width=32, dilations=(1, 2, 4), futures=(1, 0, 0), bottleneck=16)


def heard(ears: Ears) -> np.ndarray:
    frames = torch.randn(1, 40, 80, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return ears(frames).phone_logits.numpy()


def test_the_mean_of_a_network_and_itself_grown_hears_the_same() -> None:
    torch.manual_seed(1)
    shallow, deep = Ears(SHALLOW).eval(), Ears(DEEP).eval()
    deep.load_state_dict(grown(shallow.state_dict(), deep))
    np.testing.assert_allclose(heard(averaged(shallow, deep).eval()), heard(shallow), atol=1e-5)


def test_every_shared_weight_is_halfway_and_a_new_block_gives_half() -> None:
    torch.manual_seed(2)
    shallow, deep = Ears(SHALLOW), Ears(DEEP)
    before, after = shallow.state_dict(), deep.state_dict()
    mean = averaged(shallow, deep).state_dict()
    for name, value in mean.items():
        if name in before:
            torch.testing.assert_close(value, (before[name] + after[name]) / 2)
        else:
            share = 0.5 if ".out." in name else 1.0
            torch.testing.assert_close(value, share * after[name])
