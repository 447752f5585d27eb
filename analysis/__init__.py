"""What the searches found, as tables, sentences and pictures."""
