"""Make the project that clients report to, in an empty database."""

import uuid

from projects.models import Project
from teams.models import Team

Project.objects.create(id=1, name="shop", team=Team.objects.create(name="shop"), sentry_key=uuid.UUID(int=1))
