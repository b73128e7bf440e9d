"""The net: a recorded picture of what users and data depend on, which tests compare.

Each module but these describes one facet by a function `picture()`, whose imports of the program
stand inside it, so that a moved file costs one line here. `make record` writes the pictures to
`recorded/`; a deliberate change is recorded in the commit that makes it, where its diff is read.

- `record` lists the facets and writes them, `test_contract` compares them.
- `source` follows expressions through the program's source, for what no table lists.
- `seed` made the database that `test_old_database` opens.
"""
