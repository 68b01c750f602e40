"""Print the events of the database as JSON lines, in their order."""

from events.models import Event

for event in Event.objects.order_by("digest_order"):
    print("event", event.get_raw_data())
