"""Publishing what authors wrote."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from interview.models import KeyPoint, Persona, PersonaLine
from interview.services import content, editions

pytestmark = pytest.mark.django_db

SCENERY = "group_grilling"


@pytest.fixture(autouse=True)
def _content():
    content.load()


def test_what_nobody_changed_is_not_read_again():
    first = editions.publish(SCENERY)
    with CaptureQueriesContext(connection) as queries:
        assert editions.publish(SCENERY) is first
    assert len(queries) == 2


def test_an_edit_of_any_row_is_published_with_the_next_room():
    first = editions.publish(SCENERY)
    persona = Persona.objects.filter(seats__scenery__slug=SCENERY).first()
    line = PersonaLine.objects.filter(persona=persona).first()
    PersonaLine.objects.filter(pk=line.pk).update(en="Well, well.")
    second = editions.publish(SCENERY)
    KeyPoint.objects.order_by("pk").first().delete()
    third = editions.publish(SCENERY)
    assert len({first.id, second.id, third.id}) == 3
