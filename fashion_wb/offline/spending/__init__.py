"""What a search has spent: `budget` is its limit in logged steps or seconds, `tally` its trials so far."""
