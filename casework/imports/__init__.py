"""Lists of subjects that come in from files, row by row, and go out again."""
