"""What `cafe_talk` costs: a 30 s line on CPU threads, and lines a minute in a batch on any device.

    python benchmarks/cafe_talk_speed.py LINE.wav [--threads 2] [--device cuda] [--batch 256]

CPU figures are CPU seconds of this process, whatever else the machine does; the batch is measured
by the clock on the wall, after one batch that warms up.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from server.evaluation.cafe_talk_speed import batch_speed, line_speed
from server.generators.cafe_talk import create
from server.registry import resolve_device


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("line", type=Path)
    parser.add_argument("--weights", type=Path, help="another file than the shipped weights")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--batch", type=int, default=256)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = resolve_device(args.device)
    generator = create(device, args.weights)
    samples, rate = soundfile.read(args.line, dtype="float32", always_2d=True)
    mono = np.asarray(soxr.resample(samples.mean(axis=1), rate, 16_000), np.float32)
    line_speed(generator, mono, 2.0)  # loads the ears
    found = {
        "device": device,
        "name": torch.cuda.get_device_name(0) if device == "cuda" else "cpu",
        "threads": args.threads,
        "line_cpu_seconds": line_speed(generator, mono, args.seconds),
        "batch": _batch(generator, args.batch),
    }
    print(json.dumps(found, indent=1))


def _batch(generator, n_lines: int) -> dict[str, float]:
    batch_speed(generator, min(n_lines, 8))
    return batch_speed(generator, n_lines)


if __name__ == "__main__":
    main()
