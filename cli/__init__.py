"""The `siaga` command: one module a command, put together in `main`."""
