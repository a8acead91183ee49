"""A server that loads ahead: what it says meanwhile, who goes first, and that it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from toy_generator import ToyGenerator, toy_listen

from server.commands.doctor import examine
from server.errors import Unavailable
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.transport import ServerThread
from server.wire.client import Client
from server.wire.messages import AudioInfo, GenerateRequest, Result

LINE = GenerateRequest("mine", audio=AudioInfo("f32le", 16000), fps=30)


class Ears:
    """Hear the server's own lines only when they are let; others at once."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.started = threading.Event()

    def __call__(self, audio: Any, *, on_heard: Callable[[float], None], **kwargs: Any) -> Any:
        samples = np.concatenate(list(audio))
        if len(samples) == 16_000:
            self.started.set()
            while not self.let.wait(0.01):
                on_heard(0.0)
        return toy_listen(samples, on_heard=on_heard, **kwargs)


def no_instruction(*_: Any, **__: Any) -> Any:
    raise Unavailable("There are no instruction weights.", "Install them.")


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def service(ears: Ears) -> Service:
    settings = Settings(bind="tcp://127.0.0.1:*", warm_up=True)
    registry = Registry("cpu", {"toy": lambda _device: ToyGenerator()})
    return Service(settings, registry, ears, no_instruction)


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_while_it_loads_it_answers_and_performs_and_then_says_that_it_is_ready(
    service: Service, ears: Ears
) -> None:
    with ServerThread(service=service) as server, Client(server.address) as client:
        until(ears.started.is_set)
        welcome = client.hello(20.0)
        assert welcome is not None and welcome.warming == ("performance", "instruction")
        events = list(client.perform(LINE, np.full(8000, 0.1, np.float32)))
        assert isinstance(events[-1], Result) and events[-1].n_frames == 15
        assert client.welcome is not None and client.welcome.warming
        ears.let.set()
        # Nobody asks again: who is connected is told. What cannot be loaded holds up nothing.
        until(lambda: client.welcome is not None and not client.welcome.warming)


def test_the_doctor_tells_a_warming_server_from_a_ready_one(service: Service, ears: Ears) -> None:
    def seen(address: str) -> str:
        return next(finding.seen for finding in examine(address) if finding.name == "server")

    with ServerThread(service=service) as server:
        assert "warming up (performance, instruction)" in seen(server.address)
        ears.let.set()
        until(lambda: seen(server.address).endswith(", ready"))


def test_it_stops_while_it_loads(service: Service, ears: Ears) -> None:
    before = set(threading.enumerate())
    with ServerThread(service=service):
        until(ears.started.is_set)
    until(lambda: set(threading.enumerate()) <= before)


def test_a_server_that_was_not_told_to_loads_nothing_ahead(ears: Ears) -> None:
    registry = Registry("cpu", {"toy": lambda _device: ToyGenerator()})
    quiet = Service(Settings(bind="tcp://127.0.0.1:*"), registry, ears, no_instruction)
    with ServerThread(service=quiet) as server, Client(server.address) as client:
        welcome = client.hello(20.0)
        assert welcome is not None and not welcome.warming
        assert not ears.started.is_set()
