"""What `cafe_talk` costs: a 30 s line, and lines a minute in a batch, on this machine's devices.

    python benchmarks/cafe_talk_speed.py [--line LINE.wav] [--threads 2] [--device auto|cpu|cuda]

One command measures all: the line on CPU threads (CPU seconds, whatever else the machine does) and,
where there is an NVIDIA GPU, line and batch on it by the clock on the wall, each the median of some
runs after one that warms up. Ears listen on the CPU in any case. It needs torch, numpy, scipy and
safetensors; a LINE needs soundfile and soxr too, and without one a buzz with a voice's rhythm is
performed, which costs as much.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.evaluation.cafe_talk_speed import batch_speed, line_speed
from server.generators.base import Generator
from server.generators.cafe_talk import create
from server.registry import resolve_device

RATE: Final = 16_000
RUNS: Final = 5


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--line", type=Path, help="a recording instead of the buzz")
    parser.add_argument("--weights", type=Path, help="another file than the shipped weights")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--batch", type=int, default=256)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = resolve_device(args.device)
    samples = _read(args.line) if args.line else buzz(args.seconds)
    generator = create("cpu", args.weights)
    line_speed(generator, samples, 2.0)  # loads the ears
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "threads": args.threads,
        "line_cpu_seconds": line_speed(generator, samples, args.seconds),
    }
    if device == "cuda":
        generator = create(device, args.weights)
        found["gpu"] = torch.cuda.get_device_name(0)
        found["line_wall_seconds_on_gpu"] = _line_on_gpu(generator, samples, args.seconds)
    found["batch"] = {"device": device, **_batch(generator, args.batch)}
    print(json.dumps(found, indent=1))


def buzz(seconds: float) -> NDArray[np.float32]:
    """Return a buzz of 120 Hz that swells four times a second and rests now and then, float32 [S].

    Ears take as long for it as for a voice: they look at every frame.
    """
    times = np.arange(int(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 30))
    rhythm = np.clip(np.sin(2 * np.pi * 4 * times), 0.0, 1.0)
    swell = rhythm * (np.sin(2 * np.pi * times / 3) > -0.7)
    return (0.1 * tones * swell).astype(np.float32)


def _read(path: Path) -> NDArray[np.float32]:
    import soundfile
    import soxr

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), np.float32)


def _wall() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def _line_on_gpu(generator: Generator, samples: NDArray[np.float32], seconds: float
                 ) -> dict[str, float]:  # fmt: skip
    runs = [line_speed(generator, samples, seconds, _wall) for _ in range(1 + RUNS)][1:]
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def _batch(generator: Generator, n_lines: int) -> dict[str, Any]:
    batch_speed(generator, n_lines if torch.cuda.is_available() else min(n_lines, 8))  # warms up
    return batch_speed(generator, n_lines)


if __name__ == "__main__":
    main()
