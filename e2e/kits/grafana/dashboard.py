"""Reads a dashboard into the types that are made of Grafana's own schema, writes it
again, and names what that has lost or changed: what Grafana does not know."""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def differences(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for key, value in want.items():
            if key in got:
                yield from differences(value, got[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: lost"
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, value in enumerate(want):
            yield from differences(value, got[i], f"{path}[{i}]")
    elif want != got:
        yield f"{path}: {want!r} became {got!r}"


register_default_plugins()
source = json.load(sys.stdin)
read = json.loads(json.dumps(Dashboard.from_json(source), cls=JSONEncoder))
for difference in differences(source, read):
    print(difference)
