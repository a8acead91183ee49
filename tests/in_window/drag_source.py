"""A small window from which a file can be dragged, as from a file manager: FILE X Y."""

import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402


def main():
    path = Path(sys.argv[1]).resolve()
    window = Gtk.Window(type=Gtk.WindowType.POPUP)
    window.move(int(sys.argv[2]), int(sys.argv[3]))
    window.set_default_size(260, 44)
    box = Gtk.EventBox()
    box.add(Gtk.Label(label=path.name))
    box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
    box.drag_source_add_uri_targets()
    box.connect("drag-data-get", lambda _b, _c, data, _i, _t: data.set_uris([path.as_uri()]))
    window.add(box)
    window.show_all()
    Gtk.main()


main()
