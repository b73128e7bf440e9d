"""Image bytes in, a face's embedding out: decode, detect, align, assess, embed.

Knows no database, no HTTP and no gallery. `pipeline` is the way of a photo; `session` is the only
module that creates ONNX Runtime sessions; `loading` makes a pipeline of a pack's verified weights.
"""
