"""What a computer offers to a set-up: system, processor, and an NVIDIA GPU if its driver is there.

The driver's own library is asked, in this process: no program is started, nothing is installed.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from dataclasses import dataclass
from typing import Any, Final

_CAPABILITY_MAJOR: Final = 75  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
_CAPABILITY_MINOR: Final = 76


@dataclass(frozen=True)
class Machine:
    """A computer.

    Attributes:
        system: "Windows", "Darwin" or "Linux".
        processor: as Python names it: "x86_64", "AMD64", "arm64", "aarch64".
        cuda: newest CUDA that the NVIDIA driver runs, as (13, 0); None without a driver and GPU.
        capability: compute capability of the first GPU, as (8, 6); None as above.
    """

    system: str
    processor: str
    cuda: tuple[int, int] | None = None
    capability: tuple[int, int] | None = None


def this_machine() -> Machine:
    """The computer that this runs on."""
    cuda, capability = _nvidia()
    return Machine(platform.system(), platform.machine(), cuda, capability)


def _nvidia() -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    if sys.platform == "darwin":
        return None, None
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None, None
    version, device, n_devices = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    found = (
        driver.cuInit(0) == 0
        and driver.cuDriverGetVersion(ctypes.byref(version)) == 0
        and driver.cuDeviceGetCount(ctypes.byref(n_devices)) == 0
        and n_devices.value > 0
        and driver.cuDeviceGet(ctypes.byref(device), 0) == 0
    )
    if not found:
        return None, None
    cuda = version.value // 1000, version.value % 1000 // 10
    major = _attribute(driver, _CAPABILITY_MAJOR, device)
    return cuda, (major, _attribute(driver, _CAPABILITY_MINOR, device))


def _attribute(driver: Any, number: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(value), number, device)
    return value.value
