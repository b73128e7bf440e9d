"""The gallery in memory: it follows the change log of the templates."""
