"""The template of a list, as an answer."""

from starlette.responses import Response

from casework.imports.headings import HEADINGS
from casework.imports.template import TemplateForm, template


def template_answer(form: TemplateForm, language: str) -> Response:
    """Answer with the template of a list, as a file to keep."""
    name = HEADINGS[language]["reference"]
    headers = {"Content-Disposition": f'attachment; filename="siaga-{name}.{form.value}"'}
    return Response(template(form, language), media_type=form.media_type, headers=headers)
