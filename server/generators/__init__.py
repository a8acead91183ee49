"""The generators: each turns speech and direction into a facial performance."""
