"""From the false positive rate that a list states to its threshold, and whether it is kept."""
