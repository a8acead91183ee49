"""What our strips carry. The properties sit on the strip, so that duplicating copies them."""

from bpy.props import EnumProperty, FloatProperty, StringProperty

from .. import compat
from ..core.direction_plan import label_of
from ..core.phone_names import PHONE_CLASSES
from .colours import direction_colour, phone_colour, strip_colour

NAMES = (
    "facs_au", "facs_intensity", "facs_mode", "facs_ease_in", "facs_ease_out",
    "soliloquy_direction", "soliloquy_phone", "soliloquy_phone_start", "soliloquy_phone_end",
    "soliloquy_owner",
)  # fmt: skip


def _show(strip, _context):
    """Show what the strip is, and how strong, in its colour; and its words as its name."""
    if strip.type != "COLOR":
        return
    if strip.soliloquy_phone:
        strip.color = phone_colour(strip.soliloquy_phone)
    elif strip.soliloquy_direction:
        strip.color = direction_colour(strip.facs_intensity)
    elif strip.facs_au:
        strip.color = strip_colour(strip.facs_au, strip.facs_intensity)


def _show_words(strip, context):
    strip.name = label_of(strip.soliloquy_direction)
    _show(strip, context)


def _show_phone(strip, context):
    number = strip.name.split(".")[0].split()[1:]
    strip.name = " ".join([strip.soliloquy_phone, *number])
    _show(strip, context)


def find_phones(_strip, _context, text):
    """The phones, each with what the face does for it, that match what is typed."""
    wanted = text.casefold()
    for what, phones in PHONE_CLASSES.items():
        for phone in phones:
            if wanted in phone or wanted in what.casefold():
                yield phone, what


def register() -> None:
    """Put the properties on the class of strips."""
    cls = compat.strip_class()
    cls.facs_au = StringProperty(
        name="Action Unit", description="Code of the Action Unit, as AU12 or AU12L", update=_show
    )
    cls.facs_intensity = FloatProperty(
        name="Intensity",
        description="How strongly the muscle works, or the direction is played; can be keyframed",
        default=0.8,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_show,
        options={"ANIMATABLE"},
    )
    cls.facs_mode = EnumProperty(
        name="Mode",
        description="How the strip is played",
        items=(
            ("hold", "Hold", "Up through the whole strip, with eased ends", 0),
            ("accent", "Accent", "Rises and falls once inside the strip", 1),
        ),
        default="hold",
    )
    cls.facs_ease_in = FloatProperty(
        name="Ease In", description="Seconds of onset", default=0.15, min=0.0, soft_max=1.0
    )
    cls.facs_ease_out = FloatProperty(
        name="Ease Out", description="Seconds of offset", default=0.2, min=0.0, soft_max=1.0
    )
    cls.soliloquy_direction = StringProperty(
        name="Direction",
        description="How the line is played here, in your own words",
        update=_show_words,
    )
    cls.soliloquy_phone = StringProperty(
        name="Phone",
        description="The speech sound; the next Generate obeys it",
        search=find_phones,
        update=_show_phone,
    )
    cls.soliloquy_phone_start = FloatProperty(name="Exact Start", precision=4, unit="TIME_ABSOLUTE")
    cls.soliloquy_phone_end = FloatProperty(name="Exact End", precision=4, unit="TIME_ABSOLUTE")
    cls.soliloquy_owner = StringProperty(
        name="Character",
        description="Identifier of the only character that it is for; empty is for everyone",
    )


def unregister() -> None:
    """Take them off; values stay in the files that have them."""
    for name in NAMES:
        delattr(compat.strip_class(), name)
