"""Training of AVI-Talking's synthesis: the talking prior, then instructions to styles."""
