"""What can go wrong in a gallery.

    GalleryError
├── DimensionMismatch   a vector is not of the gallery's length
├── NotUnitVector       a vector's length is not 1: cosines would be wrong
├── DuplicateTemplate   a template id is already in the gallery
└── UnknownTemplate     a template id is not in the gallery
"""


class GalleryError(Exception):
    """Base of this package's errors."""


class DimensionMismatch(GalleryError):
    """A vector does not have the gallery's dimension."""


class NotUnitVector(GalleryError):
    """A vector is not of length 1, or not finite."""


class DuplicateTemplate(GalleryError):
    """A template id is added that is already there."""


class UnknownTemplate(GalleryError):
    """A template id is replaced or removed that is not there."""
