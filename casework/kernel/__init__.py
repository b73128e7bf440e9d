"""What every room of the casework rests on: actors and permissions, audit, outbox, database, vault, errors, words."""
