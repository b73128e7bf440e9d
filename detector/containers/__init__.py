"""One bounded, pure-Python reader for each accepted container, and nothing that decodes.

`base` holds what they share: the `Header` they return and the three ways they refuse. `exif` finds
an orientation. Every other module is one format, read by one function that takes the file's bytes;
`detector.header` chooses among them by magic bytes. Readers import `base` and `exif`, never each
other. Every loop is bounded by the data or by a named constant, and every malformed input is a
`PhotoError`.
"""
