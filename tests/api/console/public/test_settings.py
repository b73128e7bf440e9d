"""The form is off until an installation says by what right it is there."""

import pytest
from pydantic import ValidationError

from api.console.public.app import create_public
from casework.kernel.errors import SetUpError
from casework.kernel.processing import Processing
from tests.api.conftest import settings_for
from tests.api.console.public.conftest import PUBLIC


def test_it_is_off_by_default(tmp_path, desk):
    settings = settings_for(tmp_path)
    assert not settings.grounds.is_on(Processing.PUBLIC)
    with pytest.raises(SetUpError, match="no form for the public"):
        create_public(settings, desk.service)


@pytest.mark.parametrize("missing", sorted(PUBLIC))
def test_agency_basis_purpose_and_period_go_together(tmp_path, missing):
    with pytest.raises(ValidationError, match="name all four"):
        settings_for(tmp_path, **{name: each for name, each in PUBLIC.items() if name != missing})


def test_the_period_may_be_named_alone(tmp_path):
    settings = settings_for(tmp_path, keep_reporters_days=30)
    assert not settings.grounds.is_on(Processing.PUBLIC)
