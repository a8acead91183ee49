"""Asks the server for takes and writes them when they come, without ever blocking Blender."""
