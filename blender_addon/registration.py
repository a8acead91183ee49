"""Puts everything into Blender in a fixed order, and takes it out in the opposite one."""

from __future__ import annotations

import bpy

from . import menus, pictures, translations, welcome
from .character import flame_operators, transfer_operators, transfer_panel
from .character import operators as character_operators
from .character import panels as character_panels
from .character import presets as character_presets
from .character import properties as character_properties
from .character import repairs as character_repairs
from .character.laying_over import stop_laying_over
from .character.transfer_playing import stop_playing
from .connection import engine_operators, keys_operators, preferences_view
from .connection import operators as connection_operators
from .connection import panels as connection_panels
from .connection.engine import close_setup
from .connection.process import stop_own_server
from .export import operators as export_operators
from .export import panels as export_panels
from .export import properties as export_properties
from .export.live import stop_stream
from .generate import instructing_operators, posing_operators, timer
from .generate import operators as generate_operators
from .generate import panels as generate_panels
from .generate import properties as generate_properties
from .generate.session import close_session
from .line import guessing as line_guessing
from .line import operators as line_operators
from .line import panels as line_panels
from .line import playing as line_playing
from .line import properties as line_properties
from .strips import operators as strips_operators
from .strips import panels as strips_panels
from .strips import phones as strips_phones
from .strips import properties as strips_properties
from .takes import operators as takes_operators
from .takes import panels as takes_panels
from .takes import properties as takes_properties

CLASSES: tuple[type, ...] = (
    *preferences_view.CLASSES,
    # Property groups, each before the one that contains it.
    *line_properties.CLASSES,
    *generate_properties.CLASSES,
    *takes_properties.CLASSES,
    *export_properties.CLASSES,
    *character_properties.CLASSES,
    *character_operators.CLASSES,
    *character_presets.CLASSES,
    *character_repairs.CLASSES,
    *transfer_operators.CLASSES,
    *line_operators.CLASSES,
    *line_guessing.CLASSES,
    *line_playing.CLASSES,
    *strips_operators.CLASSES,
    *strips_phones.CLASSES,
    *generate_operators.CLASSES,
    *posing_operators.CLASSES,
    *instructing_operators.CLASSES,
    *takes_operators.CLASSES,
    *export_operators.CLASSES,
    *flame_operators.CLASSES,
    *connection_operators.CLASSES,
    *engine_operators.CLASSES,
    *keys_operators.CLASSES,
    *menus.CLASSES,
    # Panels, in the order of work.
    *character_panels.CLASSES,
    *transfer_panel.CLASSES,
    *line_panels.CLASSES,
    *strips_panels.CLASSES,
    *generate_panels.CLASSES,
    *takes_panels.CLASSES,
    *export_panels.CLASSES,
    *connection_panels.CLASSES,
)


def register() -> None:
    """Add translations, classes, the scene's property, menus and handlers."""
    translations.register()
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.soliloquy = bpy.props.PointerProperty(
        type=character_properties.SoliloquySettings
    )
    bpy.types.VIEW3D_MT_mesh_add.append(character_panels.draw_add_menu)
    bpy.types.VIEW3D_MT_mesh_add.append(flame_operators.draw_add_menu)
    bpy.types.TOPBAR_MT_file_import.append(export_panels.draw_import_menu)
    bpy.types.TOPBAR_MT_file_export.append(export_panels.draw_export_menu)
    menus.register()
    strips_properties.register()
    timer.register()
    welcome.register()


def unregister() -> None:
    """Stop the thread, and remove handlers, menu, property and classes."""
    welcome.unregister()
    timer.unregister()
    stop_playing()
    stop_laying_over()
    stop_stream()
    close_session()
    pictures.unregister()
    stop_own_server()
    close_setup()
    bpy.types.TOPBAR_MT_file_export.remove(export_panels.draw_export_menu)
    bpy.types.TOPBAR_MT_file_import.remove(export_panels.draw_import_menu)
    bpy.types.VIEW3D_MT_mesh_add.remove(flame_operators.draw_add_menu)
    bpy.types.VIEW3D_MT_mesh_add.remove(character_panels.draw_add_menu)
    menus.unregister()
    strips_properties.unregister()
    del bpy.types.Scene.soliloquy
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    translations.unregister()
