"""The vulnerability map: provinces as tiles, or the operator's own borders, drawn as SVG."""
