"""Who speaks: the meshes of a character and how their shape keys match the blendshapes."""
