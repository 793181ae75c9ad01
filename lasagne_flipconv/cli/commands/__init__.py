"""One module for each sub-command: its arguments, and what it prints."""
