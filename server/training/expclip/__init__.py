"""Training of ExpCLIP's animation generator."""
