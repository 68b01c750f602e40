package codec

// The messages of OTLP (opentelemetry-proto 1.11, opentelemetry/proto/*/v1). Numbers
// from 1000 on are those of before version 0.16, which some senders still write.

// one is a member that stands once, list one that is repeated.
func one(num int, name string, kind memberKind, of *shape) member {
	return member{num: num, name: []byte(name), kind: kind, of: of}
}

func list(num int, name string, kind memberKind, of *shape) member {
	m := one(num, name, kind, of)
	m.many = true
	return m
}

// flat returns m so that paths do not tell of it.
func flat(m member) member {
	m.flat = true
	return m
}

var (
	anyValue = &shape{name: "AnyValue"} // its members are set in init, as it holds itself
	keyValue = &shape{name: "KeyValue", pair: true, members: []member{
		one(1, "key", text, nil), flat(one(2, "value", message, anyValue)),
	}}
	resource = &shape{name: "Resource", members: []member{
		list(1, "attributes", message, keyValue), one(2, "droppedAttributesCount", kept, nil), list(3, "entityRefs", kept, nil),
	}}
	scope = &shape{name: "InstrumentationScope", members: []member{
		one(1, "name", text, nil), one(2, "version", text, nil), list(3, "attributes", message, keyValue), one(4, "droppedAttributesCount", kept, nil),
	}}
)

func init() {
	anyValue.members = []member{
		flat(one(1, "stringValue", text, nil)),
		flat(one(2, "boolValue", kept, nil)),
		flat(one(3, "intValue", integer, nil)),
		flat(one(4, "doubleValue", kept, nil)),
		flat(one(5, "arrayValue", message, &shape{name: "ArrayValue", members: []member{flat(list(1, "values", message, anyValue))}})),
		flat(one(6, "kvlistValue", message, &shape{name: "KeyValueList", members: []member{flat(list(1, "values", message, keyValue))}})),
		flat(one(7, "bytesValue", octets, nil)),
	}
}

var logRecord = &shape{name: "LogRecord", members: []member{
	one(1, "timeUnixNano", kept, nil), one(11, "observedTimeUnixNano", kept, nil), one(2, "severityNumber", kept, nil),
	one(3, "severityText", text, nil), one(5, "body", message, anyValue), list(6, "attributes", message, keyValue),
	one(7, "droppedAttributesCount", kept, nil), one(8, "flags", kept, nil), one(9, "traceId", kept, nil), one(10, "spanId", kept, nil),
	one(12, "eventName", text, nil), one(4, "name", text, nil),
}}

var span = &shape{name: "Span", members: []member{
	one(1, "traceId", kept, nil), one(2, "spanId", kept, nil), one(3, "traceState", kept, nil), one(4, "parentSpanId", kept, nil), one(16, "flags", kept, nil),
	one(5, "name", text, nil), one(6, "kind", kept, nil), one(7, "startTimeUnixNano", kept, nil), one(8, "endTimeUnixNano", kept, nil),
	list(9, "attributes", message, keyValue), one(10, "droppedAttributesCount", kept, nil),
	list(11, "events", message, &shape{name: "Event", members: []member{
		one(1, "timeUnixNano", kept, nil), one(2, "name", text, nil), list(3, "attributes", message, keyValue), one(4, "droppedAttributesCount", kept, nil),
	}}),
	one(12, "droppedEventsCount", kept, nil),
	list(13, "links", message, &shape{name: "Link", members: []member{
		one(1, "traceId", kept, nil), one(2, "spanId", kept, nil), one(3, "traceState", kept, nil),
		list(4, "attributes", message, keyValue), one(5, "droppedAttributesCount", kept, nil), one(6, "flags", kept, nil),
	}}),
	one(14, "droppedLinksCount", kept, nil),
	one(15, "status", message, &shape{name: "Status", members: []member{one(2, "message", text, nil), one(3, "code", kept, nil)}}),
}}

// point returns the shape of a data point, with the numbers of the fields that hold
// text and the names of those that do not.
func point(name string, attributes, exemplars int, others ...string) *shape {
	s := &shape{name: name, members: []member{list(attributes, "attributes", message, keyValue)}}
	for _, other := range append(others, "startTimeUnixNano", "timeUnixNano", "flags") {
		s.members = append(s.members, one(0, other, kept, nil))
	}
	if exemplars > 0 {
		s.members = append(s.members, list(exemplars, "exemplars", message, exemplar))
	}
	return s
}

var exemplar = &shape{name: "Exemplar", members: []member{
	list(7, "filteredAttributes", message, keyValue), one(2, "timeUnixNano", kept, nil), one(3, "asDouble", kept, nil),
	one(6, "asInt", kept, nil), one(4, "spanId", kept, nil), one(5, "traceId", kept, nil),
}}

// points is what holds the data points of one kind.
func points(name string, p *shape) *shape {
	return &shape{name: name, members: []member{
		list(1, "dataPoints", message, p), one(2, "aggregationTemporality", kept, nil), one(3, "isMonotonic", kept, nil),
	}}
}

// metric has a name that other systems look for, which stays.
var metric = &shape{name: "Metric", members: []member{
	one(1, "name", kept, nil), one(2, "description", text, nil), one(3, "unit", kept, nil),
	one(5, "gauge", message, points("Gauge", numberPoint)), one(7, "sum", message, points("Sum", numberPoint)),
	one(9, "histogram", message, points("Histogram", point("HistogramDataPoint", 9, 8,
		"count", "sum", "min", "max", "bucketCounts", "explicitBounds"))),
	one(10, "exponentialHistogram", message, points("ExponentialHistogram", point("ExponentialHistogramDataPoint", 1, 11,
		"count", "sum", "min", "max", "scale", "zeroCount", "zeroThreshold", "positive", "negative"))),
	one(11, "summary", message, points("Summary", point("SummaryDataPoint", 7, 0, "count", "sum", "quantileValues"))),
	list(12, "metadata", message, keyValue),
}}

var numberPoint = point("NumberDataPoint", 7, 5, "asDouble", "asInt")

// export returns the shape of a request with items of one signal: resources hold
// scopes, and these items.
func export(suffix, items string, item *shape) *shape {
	inScope := &shape{name: "Scope" + suffix, tells: true, form: FormOTLPScope, members: []member{
		one(1, "scope", message, scope), list(2, items, message, item), one(3, "schemaUrl", kept, nil),
	}}
	inResource := &shape{name: "Resource" + suffix, tells: true, form: FormOTLPResource, members: []member{
		one(1, "resource", message, resource), list(2, "scope"+suffix, message, inScope), one(3, "schemaUrl", kept, nil),
		list(1000, "instrumentationLibrary"+suffix, message, inScope),
	}}
	return &shape{name: "Export" + suffix, members: []member{list(1, "resource"+suffix, message, inResource)}}
}

// exportAnswer is what a request is answered with, rpcStatus what it is refused with
// (google.rpc.Status, whose details are for the sender's library).
var (
	exportAnswer = &shape{name: "ExportResponse", members: []member{
		one(1, "partialSuccess", message, &shape{name: "PartialSuccess", members: []member{
			one(2, "errorMessage", text, nil), one(0, "rejectedLogRecords", kept, nil), one(0, "rejectedSpans", kept, nil), one(0, "rejectedDataPoints", kept, nil),
		}}),
	}}
	rpcStatus = &shape{name: "Status", members: []member{one(1, "code", kept, nil), one(2, "message", text, nil), list(3, "details", kept, nil)}}
)
