"""PDFs as another program reads them."""

import re

import pypdfium2


def pages_of(content: bytes) -> list[str]:
    """What each page says, with any run of white space as one space."""
    with pypdfium2.PdfDocument(content) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    return [re.sub(r"\s+", " ", re.sub("[\u200b\ufffe\x02]", "", text)) for text in texts]
