"""Servers that are shared, and servers on other computers, seen from Blender."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from acting import Formula, hear_everything
from blender_runner import RunCase

from server.keys import load_server_keys, make_client_keys, make_server_keys
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.transport import ServerThread


@pytest.fixture
def outside_address() -> str:
    """An address of this computer that others could reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # sends nothing
        except OSError:
            pytest.skip("needs a network interface besides loopback")
        return probe.getsockname()[0]


def test_a_server_elsewhere_serves_those_who_have_its_keys_and_nobody_else(
    blender: RunCase, wav: str, tmp_path: Path, outside_address: str
) -> None:
    keys = tmp_path / "keys"
    make_server_keys(keys)
    handed_over = make_client_keys(keys, "studio")
    make_server_keys(tmp_path / "other")
    another = load_server_keys(tmp_path / "other")[0].decode()
    settings = Settings(bind=f"tcp://{outside_address}:*", keys=keys)
    registry = Registry("cpu", {"articulate": lambda _device: Formula()})
    with ServerThread(service=Service(settings, registry, hear_everything)) as server:
        blender(
            "servers", "a_server_with_keys", address=server.address, wav=wav,
            handed_over=str(handed_over), another_key=another,
        )  # fmt: skip


@pytest.fixture
def actor() -> Formula:
    """Slow enough for two to overlap."""
    return Formula(step_seconds=0.5)


@pytest.mark.parametrize("second_cancels", [False, True])
def test_two_blenders_share_a_server_and_each_gets_or_cancels_its_own(
    blender: RunCase,
    address: str,
    wav: str,
    actor: Formula,
    tmp_path: Path,
    *,
    second_cancels: bool,
) -> None:
    def run(number: int) -> str:
        return blender(
            "servers", "one_of_two", address=address, wav=wav, meeting=str(tmp_path),
            number=number, cancels=second_cancels and number == 2,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        assert len(list(pool.map(run, (1, 2)))) == 2
    assert {request.seed for request in actor.requests} == {10, 20}
