"""ANSI/NIST-ITL files, in and out: what police exchange of a person, with the person's photos."""
