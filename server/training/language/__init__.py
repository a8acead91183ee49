"""Training of the language part: the composed TEAD, distillation, detector and autoencoder."""
