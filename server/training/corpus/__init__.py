"""The performed corpus: synthetic voices, acted faces, every label known; not for serving.

`build` makes it from a recipe, `reader.CorpusReader` reads it without torch.
"""
