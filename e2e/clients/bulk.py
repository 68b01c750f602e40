"""Index the documents of a file with the Elasticsearch client's bulk helper.

bulk.py URL FILE plain|gzip: FILE has one JSON document a line. What the client
says of it is printed as JSON.
"""

import json
import sys

from elasticsearch import Elasticsearch, helpers

url, file, coding = sys.argv[1:]
with open(file, encoding="utf-8") as f:
    documents = [json.loads(line) for line in f]
client = Elasticsearch(
    url,
    http_compress=coding == "gzip",
    basic_auth=("shipper", sys.stdin.readline().strip()),
    request_timeout=20,
    max_retries=0,
)
actions = ({"_op_type": "create", "_index": "logs-app", "_id": str(i), "_source": d} for i, d in enumerate(documents))
ok, errors = helpers.bulk(client, actions, chunk_size=50, raise_on_error=False)
print(json.dumps({"product": client.info()["tagline"], "ok": ok, "errors": len(errors)}))
