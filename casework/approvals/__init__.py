"""Acts that take a second person: they wait, are accepted or refused, and then take effect."""
