"""Cases: what agencies work on together, each seeing what it was given and nothing else."""
