"""What an official asks of a map's pins: a filter in the address, a place in the list, a reason to hide."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.errors import Problem, Unacceptable
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.filters import PinFilter
from app.models import Channel, PinState, QuestionType
from app.queries_types import MapLike
