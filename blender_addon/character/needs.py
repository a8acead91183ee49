"""What operators ask for before they can be pressed."""

from __future__ import annotations

from .meshes import active_character


class NeedsCharacter:
    """An operator that is greyed without a character."""

    @classmethod
    def poll(cls, context):
        """There must be one."""
        if active_character(context.scene) is None:
            cls.poll_message_set("There is no character.")
            return False
        return True
