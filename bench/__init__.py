"""What this back office can do on the machine at hand: `make bench`, and its worst days: `make chaos`."""
