"""Direction text -> Action Units, blendshapes, emotion and AU strips."""
