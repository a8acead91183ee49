"""The extension zip, installed as a user installs it."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.soliloquy"


class _NoOwnZmq:
    """Hides the pyzmq beside bpy: a Blender program has none."""

    beside_bpy = str(Path(bpy.__file__).parents[5])

    def find_spec(self, name: str, path: object = None, target: object = None):
        if name != "zmq":
            return None
        elsewhere = [p for p in sys.path if Path(p) != Path(self.beside_bpy)]
        spec = importlib.machinery.PathFinder.find_spec(name, elsewhere)
        if spec is None:
            raise ModuleNotFoundError("No module named 'zmq'", name="zmq")
        return spec


def install_zip(zip_path: str) -> None:
    """Install it as a person does, on a Blender that has no pyzmq of its own."""
    assert "blender_addon" not in sys.modules and "zmq" not in sys.modules
    hider = _NoOwnZmq()
    assert (Path(hider.beside_bpy) / "bpy").is_dir()
    sys.meta_path.insert(0, hider)
    bpy.ops.extensions.package_install_files(
        filepath=zip_path, repo="user_default", enable_on_install=True, overwrite=True
    )
    assert MODULE in bpy.context.preferences.addons, "the operator succeeds whatever happens"


def zip_installs_and_speaks(zip_path: str, address: str, wav: str) -> None:
    resources = os.environ["BLENDER_USER_RESOURCES"]
    install_zip(zip_path)
    bpy.context.preferences.addons[MODULE].preferences.address = address
    assert bpy.ops.soliloquy.add_head() == {"FINISHED"}
    character = bpy.context.scene.soliloquy.characters[0]
    character.line.source, character.line.filepath = "FILE", wav
    assert bpy.ops.soliloquy.generate() == {"FINISHED"}
    assert [len(take.tracks) for take in character.takes] == [len(character.meshes)]
    import zmq

    assert zmq.__file__.startswith(resources), zmq.__file__
    ours = sys.modules[f"{MODULE}._vendor.arkit.names"].__file__
    assert ours.startswith(resources), ours
    assert not {"arkit", "server", "flame"} & sys.modules.keys()
    bpy.ops.preferences.addon_disable(module=MODULE)
    assert not hasattr(bpy.types.Scene, "soliloquy")
