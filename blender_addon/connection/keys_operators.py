"""Make this computer's keys, take keys from a server's owner, hand on the public one."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..reporting import ReportsErrors
from .keys import has_keys, make_keys, public_key_name, save_public_key, take_keys


class SOLILOQUY_OT_make_keys(ReportsErrors, bpy.types.Operator):
    """Make this computer's key pair."""

    bl_idname = "soliloquy.make_keys"
    bl_label = "Make Keys"
    bl_description = "Make this computer's key pair, for servers on other computers"

    @classmethod
    def poll(cls, _context):
        """Once."""
        if has_keys():
            cls.poll_message_set("This computer has its keys.")
            return False
        return True

    def execute(self, _context):
        """Make them."""
        make_keys()
        self.report({"INFO"}, "Now save the public key and give it to the server's owner.")
        return {"FINISHED"}


class SOLILOQUY_OT_take_keys(ReportsErrors, bpy.types.Operator):
    """Use keys that the server's owner made for this computer."""

    bl_idname = "soliloquy.take_keys"
    bl_label = "Use Key File"
    bl_description = (
        "Use the .key_secret file that the server's owner made with `soliloquy keys FOLDER "
        "--client NAME`; the server's key beside it is taken too. Replaces this computer's keys"
    )

    filepath: StringProperty(name="File", description="The .key_secret file", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.key_secret", options={"HIDDEN"})

    def invoke(self, context, _event):
        """Ask for the file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context):
        """Copy it."""
        complete = take_keys(Path(self.filepath))
        if not complete:
            self.report({"WARNING"}, "No server.key lies beside it: enter the server's key.")
        return {"FINISHED"}


class SOLILOQUY_OT_save_public_key(ReportsErrors, bpy.types.Operator):
    """Write this computer's public key, for the server's owner."""

    bl_idname = "soliloquy.save_public_key"
    bl_label = "Save Public Key"
    bl_description = (
        "Write this computer's public key, which is no secret; the server's owner lets it in with "
        "`soliloquy keys FOLDER --allow FILE`"
    )

    filepath: StringProperty(name="File", description="Where to write it", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.key", options={"HIDDEN"})

    @classmethod
    def poll(cls, _context):
        """There must be one."""
        if not has_keys():
            cls.poll_message_set("Make the keys first.")
            return False
        return True

    def invoke(self, context, _event):
        """Ask where."""
        self.filepath = f"{public_key_name()}.key"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context):
        """Write it."""
        save_public_key(Path(self.filepath).with_suffix(".key"))
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_make_keys, SOLILOQUY_OT_take_keys, SOLILOQUY_OT_save_public_key)
