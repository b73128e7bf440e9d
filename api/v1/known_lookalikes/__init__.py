"""Known look-alikes of subjects."""
