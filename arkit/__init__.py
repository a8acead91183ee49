"""The face vocabulary: blendshape names, Action Units, strips, clips and their export.

numpy only and relative imports only, because the Blender add-on carries a copy of this package.
"""
