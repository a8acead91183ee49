"""The server: a recorded line and a direction in, a facial performance out."""

from typing import Final

__version__: Final = "0.1.0"
