"""Takes out of Blender: Live Link Face CSV for Unreal."""
