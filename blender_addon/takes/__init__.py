"""The results kept in the file: actions, their data, and switching between them."""
