"""What an AU strip carries. The properties sit on the strip, so that duplicating copies them."""

from bpy.props import EnumProperty, FloatProperty, StringProperty

from .. import compat
from .colours import strip_colour

NAMES = ("facs_au", "facs_intensity", "facs_mode", "facs_ease_in", "facs_ease_out")


def _show(strip, _context):
    """Show the intensity in the strip's colour."""
    if strip.type == "COLOR" and strip.facs_au:
        strip.color = strip_colour(strip.facs_au, strip.facs_intensity)


def register() -> None:
    """Put the properties on the class of strips."""
    cls = compat.strip_class()
    cls.facs_au = StringProperty(
        name="Action Unit", description="Code of the Action Unit, as AU12 or AU12L", update=_show
    )
    cls.facs_intensity = FloatProperty(
        name="Intensity",
        description="How strongly the muscle works; can be keyframed",
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


def unregister() -> None:
    """Take them off; values stay in the files that have them."""
    for name in NAMES:
        delattr(compat.strip_class(), name)
