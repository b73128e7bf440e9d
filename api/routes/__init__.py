"""One module a resource; each route states the permission it needs in its signature."""
