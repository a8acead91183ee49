"""The voice itself says how the face should look: the first stage of AVI-Talking (Sec. III-C)."""

from .errors import InstructionError
from .instruction import Instruction, described
from .instructor import Instructor, instruct
from .reading import INTENSITY_WORDS, Meaning, read
from .weights import DEFAULT, RESEARCH

__all__ = [
    "DEFAULT",
    "INTENSITY_WORDS",
    "RESEARCH",
    "Instruction",
    "InstructionError",
    "Instructor",
    "Meaning",
    "described",
    "instruct",
    "read",
]
