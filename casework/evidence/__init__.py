"""Evidence bundles: all that is kept of an alert in one file, which anybody can check offline."""
