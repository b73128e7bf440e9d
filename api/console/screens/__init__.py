"""The screens: one module each, with a router of its own."""
