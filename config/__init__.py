"""What an operator sets, and opening the service as it is set."""
