"""From the false positive rate that a list states to the threshold it takes, and whether it keeps it."""
