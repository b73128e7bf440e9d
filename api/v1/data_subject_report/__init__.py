"""What is held about a person."""
