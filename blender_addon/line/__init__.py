"""What is said: a sound strip or a file, its transcript and its language."""
