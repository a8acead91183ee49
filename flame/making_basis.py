"""Make the built-in head's expression basis anew, with a new name.

    python -m flame.making_basis

Wanted when the shapes of the face change; weights that speak in the old basis are refused then.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from flame.built_in import BASIS_FILE, built_in_flame_model, make_basis
from flame.mapping import shape_map


def main() -> None:
    """Write the basis file."""
    made = {name: array.astype(np.float32) for name, array in make_basis().items()}
    basis_id = np.array(_basis_id(**made))
    np.savez_compressed(BASIS_FILE, **made, basis_id=basis_id)
    # The metric is that of the model which the file now holds.
    metric = shape_map(built_in_flame_model()).metric.astype(np.float32)
    np.savez_compressed(BASIS_FILE, **made, basis_id=basis_id, metric=metric)


def _basis_id(table: NDArray[np.float32], fingerprint: NDArray[np.float32]) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(table).tobytes())
    digest.update(np.ascontiguousarray(fingerprint).tobytes())
    return f"soliloquy-{digest.hexdigest()[:16]}"


if __name__ == "__main__":
    main()
