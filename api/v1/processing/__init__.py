"""Processing: what is done with people on no list, and by what right."""
