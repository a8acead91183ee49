"""The instruction stage of AVI-Talking: its corpus of sentences, its voices, its training."""
