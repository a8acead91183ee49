"""Decisions without Blender: job state, keyframe plan, matching plan, strip timing, take data."""
