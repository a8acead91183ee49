"""Soliloquy for Blender: a recorded line and a direction in, keyframes on shape keys out.

Nothing is imported at module level, so that `blender_addon.core` can be used and tested without
Blender; `register()` loads the rest.
"""


def register() -> None:
    """Add the classes, properties and handlers of the add-on to Blender."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Stop the worker thread and take everything out of Blender again."""
    from . import registration

    registration.unregister()
