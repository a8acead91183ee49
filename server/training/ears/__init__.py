"""How the ears are trained: sentences, synthetic voices, recorded speakers, augmentation, loop."""
