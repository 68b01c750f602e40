package dialect

import "fmt"

const sentryPath = "/api/42/envelope/"

var _ = register(Dialect{
	Name: "Sentry event", Path: sentryPath, ContentType: "application/x-sentry-envelope",
	Body: func(records []Record) []byte {
		records = around(records, breadcrumbs)
		crumbs := list(records, func(r *Record) any {
			return object{"timestamp": r.rfc3339(), "type": "default", "category": "app." + r.Service, "level": "info", "message": r.Message,
				"data": object{"status_code": r.Status, "duration_ms": r.Duration}}
		})
		return envelope("event", 1, sentryEvent(&records[len(records)/2], crumbs))
	},
})

// breadcrumbs is how many of them SDKs keep.
const breadcrumbs = 100

func sentryEvent(r *Record, crumbs array) object {
	var frames array
	for i := range 40 {
		frames = append(frames, object{"filename": fmt.Sprintf("shop/orders/views_%d.py", i), "function": "create", "module": "shop.orders.views",
			"lineno": 10 * i, "in_app": true, "context_line": "        order = Order.objects.create(customer=customer, items=items)",
			"pre_context": array{"    def create(self, request):", "        customer = request.user.customer"},
			"vars":        object{"self": "<OrderView object at 0x7f6c1c2d>", "items": "[<Item: A-4711>, <Item: B-12>]", "attempt": i}})
	}
	return object{"event_id": r.Trace, "timestamp": r.rfc3339(), "platform": "python", "level": "error", "server_name": r.Host,
		"environment": "production", "release": "shop@2.14.1", "transaction": "/api/v1/orders",
		"exception": object{"values": array{object{"type": "IntegrityError", "value": r.Message, "stacktrace": object{"frames": frames}}}},
		"request": object{"url": "https://shop.example.com/api/v1/orders", "method": "POST", "query_string": "page=2&sort=price",
			"headers": object{"Accept": "*/*", "User-Agent": "python-requests/2.32.3", "Content-Type": jsonType}},
		"breadcrumbs": object{"values": crumbs}, "tags": object{"service": r.Service, "region": "eu-central-1"},
		"contexts": object{"trace": object{"trace_id": r.Trace, "span_id": r.Span, "op": "http.server"},
			"runtime": object{"name": "CPython", "version": "3.13.1"}}}
}

var _ = register(Dialect{
	Name: "Sentry logs", Path: sentryPath, ContentType: "application/x-sentry-envelope",
	Body: func(records []Record) []byte {
		items := list(records, func(r *Record) any {
			return object{"timestamp": r.seconds(), "trace_id": r.Trace, "level": "info", "severity_number": 9, "body": r.Message,
				"attributes": object{
					"sentry.environment": object{"value": "production", "type": "string"},
					"server.address":     object{"value": r.Host, "type": "string"},
					"http.status_code":   object{"value": r.Status, "type": "integer"},
				}}
		})
		return envelope("log", len(items), object{"items": items})
	},
})

// envelope writes an envelope of one item.
func envelope(kind string, count int, payload object) []byte {
	content := appendJSON(nil, payload)
	head := object{"type": kind, "length": len(content)}
	if kind == "log" {
		head["item_count"], head["content_type"] = count, "application/vnd.sentry.items.log+json"
	}
	body := append(appendJSON(nil, object{"event_id": fmt.Sprintf("%032x", 4711), "sent_at": "2026-11-22T08:00:00.000000Z"}), '\n')
	body = append(appendJSON(body, head), '\n')
	return append(append(body, content...), '\n')
}
