"""What runs inside Blender. Each function is one case; an exception fails its test."""
