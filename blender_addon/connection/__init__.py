"""Where the server is and whether it answers."""
