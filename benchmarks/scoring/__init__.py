"""What it costs to rank a catalogue for many users: LSIF's lists beside RecTools' ranker, on the same vectors' size."""
