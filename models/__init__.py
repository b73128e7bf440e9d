"""Which networks exist, where their weights come from, and how they are verified.

    pack = load_pack("open")
    store = ModelStore(default_root())
    fetch(pack, store)
    weights = store.require(pack)   # paths, verified against the manifest just now

`models.compile` turns a verified network into its optimised form, which `models.compiled` keeps; it
alone needs the ONNX library, and is imported only where a network is not compiled yet.
"""
