"""English enough for instructions: what a part of the face does, feelings, frames, requests.

All of it is our own. Each detail is (subject, number, what it does); a degree word goes before the
last. What a table of `server.language` reads otherwise than meant is dropped by the composer.
"""

from __future__ import annotations

from typing import Final

Detail = tuple[str, str, str]

DETAILS: Final[dict[frozenset[str], tuple[Detail, ...]]] = {
    frozenset(aus.split()): details
    for aus, details in (
        ("AU1 AU2 AU4", (("the brows", "p", "raised and drawn together"),
                         ("the eyebrows", "p", "lifted and knitted"))),
        ("AU1 AU4", (("the inner brows", "p", "raised and drawn together"),
                     ("the inner brows", "p", "lifted and pulled together"))),
        ("AU1 AU2", (("the brows", "p", "raised"), ("the eyebrows", "p", "lifted"),
                     ("the brows", "p", "arched"))),
        ("AU1", (("the inner brows", "p", "raised"),
                 ("the inner ends of the brows", "p", "lifted"),
                 ("the inner corners of the eyebrows", "p", "raised"))),
        ("AU2", (("the outer brows", "p", "raised"),
                 ("the outer ends of the brows", "p", "lifted"))),
        ("AU4", (("the eyebrows", "p", "furrowed"), ("the brows", "p", "lowered"),
                 ("the brows", "p", "drawn together"), ("the brows", "p", "knitted"),
                 ("the eyebrows", "p", "pulled down"))),
        ("AU5", (("the eyes", "p", "widened"), ("the upper lids", "p", "raised"),
                 ("the eyes", "p", "wide open"), ("the eyelids", "p", "raised"))),
        ("AU6", (("the cheeks", "p", "raised"), ("the cheeks", "p", "pushed up"),
                 ("the cheek muscles", "p", "lifted"))),
        ("AU7", (("the eyes", "p", "narrowed"), ("the lower lids", "p", "tightened"),
                 ("the lids", "p", "tightened"), ("the lower lids", "p", "tense"))),
        ("AU9", (("the nose", "s", "wrinkled"), ("the nose", "s", "scrunched up"))),
        ("AU10", (("the upper lip", "s", "raised"), ("the upper lip", "s", "curled"),
                  ("the upper lip", "s", "lifted"))),
        ("AU12", (("the corners of the mouth", "p", "pulled up"),
                  ("the mouth corners", "p", "raised"), ("the lips", "p", "in a smile"),
                  ("the corners of the lips", "p", "turned up"))),
        ("AU14", (("the corners of the mouth", "p", "tightened"),)),
        ("AU15", (("the corners of the mouth", "p", "pulled down"),
                  ("the mouth corners", "p", "lowered"),
                  ("the corners of the lips", "p", "turned down"))),
        ("AU17", (("the chin", "s", "pushed up"), ("the lower lip", "s", "pushed up"),
                  ("the chin", "s", "wrinkled"))),
        ("AU18", (("the lips", "p", "pursed"),)),
        ("AU20", (("the lips", "p", "stretched"), ("the lips", "p", "drawn back"),
                  ("the mouth", "s", "stretched"))),
        ("AU24", (("the lips", "p", "pressed together"), ("the lips", "p", "pressed tight"))),
        ("AU25", (("the lips", "p", "parted"), ("the lips", "p", "apart"))),
        ("AU25 AU26", (("the mouth", "s", "open"), ("the jaw", "s", "dropped"),
                       ("the mouth", "s", "hanging open"))),
        ("AU26", (("the chin", "s", "dropped"),)),
        ("AU34", (("the cheeks", "p", "puffed out"),)),
        ("AU41", (("the upper lids", "p", "lowered"), ("the lids", "p", "drooping"))),
        ("AU42", (("the eyes", "p", "half closed"),)),
        ("AU43", (("the eyes", "p", "closed"),)),
        ("AU63", (("the gaze", "s", "raised"),)),
        ("AU64", (("the gaze", "s", "lowered"), ("the eyes", "p", "cast down"))),
    )
}  # fmt: skip
"""Action Units of one part -> ways to say them; larger groups are tried first."""

PARTS: Final = (
    frozenset({"AU1", "AU2", "AU4"}), frozenset({"AU5", "AU7", "AU41", "AU42", "AU43"}),
    frozenset({"AU63", "AU64"}), frozenset({"AU6", "AU34"}), frozenset({"AU9"}),
    frozenset({"AU10"}), frozenset({"AU12", "AU14", "AU15", "AU20"}), frozenset({"AU17"}),
    frozenset({"AU18", "AU23", "AU24", "AU25", "AU26"}),
)  # fmt: skip
"""A sentence goes over the face from the brows to the jaw; each part is said at most once."""

DETAIL_DEGREES: Final[dict[str, tuple[str, ...]]] = {
    "slightly": ("slightly", "a little", "faintly"),
    "clearly": ("",),
    "strongly": ("strongly", ""),
}

FEELING_DEGREES: Final[dict[str, tuple[str, ...]]] = {
    "": ("",),
    "slightly": ("slightly", "mildly", "faintly"),
    "clearly": ("", "", "quite", "clearly", "visibly"),
    "strongly": ("very", "extremely", "deeply", "utterly", "intensely", "absolutely"),
}

PLAIN_DEGREES: Final[dict[str, str]] = {
    "": "", "slightly": "slightly", "clearly": "", "strongly": "very",
}  # fmt: skip

FEELINGS: Final[dict[str, tuple[str, ...]]] = {
    "neutral": ("neutral", "expressionless", "impassive", "blank", "emotionless"),
    "calm": ("calm", "peaceful", "serene", "tranquil", "composed"),
    "joy": ("happy", "glad", "cheerful", "joyful", "merry"),
    "elation": ("elated", "overjoyed", "thrilled", "ecstatic", "jubilant"),
    "sadness": ("sad", "unhappy", "sorrowful", "gloomy", "downcast"),
    "grief": ("heartbroken", "grieving", "grief-stricken", "devastated", "mournful"),
    "anger": ("angry", "mad", "irate", "cross", "hostile"),
    "rage": ("furious", "enraged", "livid", "raging", "infuriated"),
    "fear": ("fearful", "afraid", "scared", "frightened"),
    "terror": ("terrified", "panicked", "petrified", "terror-stricken"),
    "disgust": ("disgusted", "revolted", "repulsed", "sickened"),
    "surprise": ("surprised", "astonished", "amazed", "startled"),
    "shock": ("shocked", "stunned", "dumbfounded"),
    "contempt": ("contemptuous", "scornful", "derisive"),
}
"""First the plain word, which is all that a corpus without augmentation uses."""

FRAMES: Final = (
    "the face looks {f}, {d}.", "the speaker sounds {f}, with {d}.", "a {f} face, with {d}.",
    "someone {f}, {d}.", "the speaker is {f}: {d}.", "{d}: the look of someone {f}.",
    "look {f}, with {d}.", "the person seems {f}; {d}.", "the voice is {f}: {d}.",
    "a {f} expression: {d}.", "the speaker feels {f}, {d}.", "{d}, as the speaker is {f}.",
)  # fmt: skip
"""{f} a feeling with its degree, {d} details of the face; first the plain one."""

REST_FRAMES: Final = (
    "the face looks {f}, {d}.", "the speaker sounds {f}, {d}.", "a {f} face, {d}.",
    "someone {f}, {d}.", "the speaker is {f}: {d}.", "look {f}, {d}.",
    "the person seems {f}; {d}.", "the voice is {f}: {d}.", "a {f} expression: {d}.",
)  # fmt: skip

REST: Final = (
    "the face is at rest", "the face stays still", "the face is still", "nothing moves",
    "the face rests", "no part of the face stands out",
)  # fmt: skip
"""What is said of a face that shows nothing."""

REQUESTS: Final = (
    "analyse the feeling in this recording and describe the face.",
    "listen to the voice and say how the face looks.",
    "which expression goes with this voice?",
    "describe the facial expression of the person speaking.",
    "tell what the speaker feels and which parts of the face show it.",
    "say how the speaker feels and what the brows, eyes and mouth do.",
    "what does the face of this speaker show?",
    "hear the emotion in the clip and describe the face in detail.",
    "put the mood of this voice into a direction for the face.",
    "from the sound of the voice, describe the expression.",
)  # fmt: skip
"""Ten phrasings of the request, one drawn at a time in training (Sec. III-C)."""
