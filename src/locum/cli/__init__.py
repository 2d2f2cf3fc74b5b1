"""The commands: everything wired together. One file a command; `main.py` knows their names only."""
