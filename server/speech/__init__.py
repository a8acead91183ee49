"""Speech in: audio files, 16 kHz mono samples, phones with times, loudness and pitch."""
