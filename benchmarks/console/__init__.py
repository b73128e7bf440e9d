"""The console while a port screens: a browser before the running service."""
