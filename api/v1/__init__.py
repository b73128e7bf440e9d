"""The HTTP interface for programs, a module or folder a resource."""
