"""Handing an alert or a tip to another agency, with the fields that are chosen one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import carrying, words
from api.console.moments import with_zone
from api.console.visit import OfficerVisit, Page
from api.problems import RequestInvalid
from api.schemas.referrals import AlertReferralIn, TipReferralIn
from casework.access.authority import Act
from casework.errors import IllegalTransition, InvalidReferral, StaleVersion
from casework.exchange.carried import OF_LIST, PHOTOS, AlertField, TipField
from casework.exchange.referral_states import AWAITED
from casework.exchange.referrals import Box, ReferralFilter
from casework.exchange.tip_states import SETTLED
from casework.review.possible import possible
from casework.speech import msg
from casework.vocabulary import AlertState
