"""The server: a recorded line and a direction in, a facial performance out."""
