"""`siaga simulate`: ports at work, for trying out an installation and its capacity."""
