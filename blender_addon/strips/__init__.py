"""Action Unit strips: colour strips in the Sequencer that say which muscle, when, how strongly."""
