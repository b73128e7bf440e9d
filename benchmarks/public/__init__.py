"""The public form under a flood, beside screening over the same database."""
