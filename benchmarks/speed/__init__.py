"""From photo bytes to the answer, beside peers."""
