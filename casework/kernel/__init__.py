"""What every other room rests on: actors, permissions, audit, outbox, database, vault, errors."""
