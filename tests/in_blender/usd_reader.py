"""Compares the blend-shape weights of a USD by Pixar's library: usd_reader.py FOLDER FPS."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from pxr import Usd, UsdSkel

from arkit.names import ARKIT_NAMES


def main() -> None:
    folder, fps = Path(sys.argv[1]), float(sys.argv[2])
    wanted = np.load(folder / "wanted.npy")
    stage = Usd.Stage.Open(str(folder / "line_1.usdc"))
    assert abs(stage.GetTimeCodesPerSecond() - fps) < 1e-3, stage.GetTimeCodesPerSecond()
    animation = next(p for p in stage.Traverse() if p.IsA(UsdSkel.Animation))
    skel = UsdSkel.Animation(animation)
    names = list(skel.GetBlendShapesAttr().Get())
    mesh = next(
        p for p in stage.Traverse() if p.HasAPI(UsdSkel.BindingAPI) and "Mesh" in p.GetTypeName()
    )
    assert set(UsdSkel.BindingAPI(mesh).GetBlendShapesAttr().Get()) == set(ARKIT_NAMES)
    weights = skel.GetBlendShapeWeightsAttr()
    times = weights.GetTimeSamples()
    values = np.array([weights.Get(t) for t in times])
    columns = [names.index(name) for name in ARKIT_NAMES]
    worst = np.abs(values[:, columns] - wanted).max()
    print(f"pxr: {len(times)} time samples from {times[0]}, worst difference {worst}")
    assert worst < 1e-4


main()
