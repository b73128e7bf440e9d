"""What survives a kill at any moment."""
