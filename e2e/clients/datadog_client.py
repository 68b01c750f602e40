"""Submit the documents of a file with Datadog's client: datadog_client.py URL FILE."""

import json
import sys

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.content_encoding import ContentEncoding
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem

url, file = sys.argv[1:]
key = sys.stdin.readline().strip()
configuration = Configuration(api_key={"apiKeyAuth": key})
with open(file, encoding="utf-8") as f:
    lines = [line.rstrip("\n") for line in f]
sent = 0
with ApiClient(configuration) as client:
    api = LogsApi(client)
    # The operation has servers of its own, which win over a host of the configuration.
    api._submit_log_endpoint.settings["servers"] = [{"url": url, "description": "", "variables": {}}]
    for i in range(0, len(lines), 40):
        items = [
            HTTPLogItem(ddsource="shop", ddtags="env:staging,team:core", hostname="web-1", service="worker", message=line)
            for line in lines[i : i + 40]
        ]
        api.submit_log(body=HTTPLog(items), content_encoding=ContentEncoding.GZIP)
        sent += len(items)
print(json.dumps({"sent": sent}))
