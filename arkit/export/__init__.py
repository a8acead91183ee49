"""Clips out of the project and back: Live Link, MetaHuman and Unreal, visemes, JSON and npz.

`presets` is the way in for programs with a user (validate, write, report); `files` reads and
writes by suffix; the other modules are one format each.
"""
