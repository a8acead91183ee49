"""The built-in head: an open mesh made by this project's own code, with the 52 ARKit shapes."""

from flame.head.model import Head, built_in_head

__all__ = ["Head", "built_in_head"]
