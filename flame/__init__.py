"""Rig mathematics and the built-in head."""
