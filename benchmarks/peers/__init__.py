"""Other people's software, each in its own environment: a script and its locked requirements."""
