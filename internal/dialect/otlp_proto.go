package dialect

// otlpSchema is opentelemetry-proto 1.11, from what is exported down.
var otlpSchema = newProtoSchema(`
logs: 1 resourceLogs []ResourceLogs
traces: 1 resourceSpans []ResourceSpans
metrics: 1 resourceMetrics []ResourceMetrics
ResourceLogs: 1 resource Resource; 2 scopeLogs []ScopeLogs; 3 schemaUrl string
ResourceSpans: 1 resource Resource; 2 scopeSpans []ScopeSpans; 3 schemaUrl string
ResourceMetrics: 1 resource Resource; 2 scopeMetrics []ScopeMetrics; 3 schemaUrl string
ScopeLogs: 1 scope Scope; 2 logRecords []LogRecord; 3 schemaUrl string
ScopeSpans: 1 scope Scope; 2 spans []Span; 3 schemaUrl string
ScopeMetrics: 1 scope Scope; 2 metrics []Metric; 3 schemaUrl string
Resource: 1 attributes []KeyValue; 2 droppedAttributesCount uint32; 3 entityRefs []EntityRef
EntityRef: 1 schemaUrl string; 2 type string; 3 idKeys []string; 4 descriptionKeys []string
Scope: 1 name string; 2 version string; 3 attributes []KeyValue; 4 droppedAttributesCount uint32
KeyValue: 1 key string; 2 value AnyValue
AnyValue: 1 stringValue string; 2 boolValue bool; 3 intValue int64; 4 doubleValue double; 5 arrayValue ArrayValue; 6 kvlistValue KeyValueList; 7 bytesValue bytes
ArrayValue: 1 values []AnyValue
KeyValueList: 1 values []KeyValue
LogRecord: 1 timeUnixNano fixed64; 11 observedTimeUnixNano fixed64; 2 severityNumber enum; 3 severityText string; 5 body AnyValue; 6 attributes []KeyValue; 7 droppedAttributesCount uint32; 8 flags fixed32; 9 traceId hex; 10 spanId hex; 12 eventName string
Span: 1 traceId hex; 2 spanId hex; 3 traceState string; 4 parentSpanId hex; 16 flags fixed32; 5 name string; 6 kind enum; 7 startTimeUnixNano fixed64; 8 endTimeUnixNano fixed64; 9 attributes []KeyValue; 10 droppedAttributesCount uint32; 11 events []Event; 12 droppedEventsCount uint32; 13 links []Link; 14 droppedLinksCount uint32; 15 status Status
Event: 1 timeUnixNano fixed64; 2 name string; 3 attributes []KeyValue; 4 droppedAttributesCount uint32
Link: 1 traceId hex; 2 spanId hex; 3 traceState string; 4 attributes []KeyValue; 5 droppedAttributesCount uint32; 6 flags fixed32
Status: 2 message string; 3 code enum
Metric: 1 name string; 2 description string; 3 unit string; 5 gauge Gauge; 7 sum Sum; 9 histogram Histogram; 10 exponentialHistogram ExponentialHistogram; 11 summary Summary; 12 metadata []KeyValue
Gauge: 1 dataPoints []NumberDataPoint
Sum: 1 dataPoints []NumberDataPoint; 2 aggregationTemporality enum; 3 isMonotonic bool
Histogram: 1 dataPoints []HistogramDataPoint; 2 aggregationTemporality enum
ExponentialHistogram: 1 dataPoints []ExponentialHistogramDataPoint; 2 aggregationTemporality enum
Summary: 1 dataPoints []SummaryDataPoint
NumberDataPoint: 7 attributes []KeyValue; 2 startTimeUnixNano fixed64; 3 timeUnixNano fixed64; 4 asDouble double; 6 asInt sfixed64; 5 exemplars []Exemplar; 8 flags uint32
HistogramDataPoint: 9 attributes []KeyValue; 2 startTimeUnixNano fixed64; 3 timeUnixNano fixed64; 4 count fixed64; 5 sum double; 6 bucketCounts []fixed64; 7 explicitBounds []double; 8 exemplars []Exemplar; 10 flags uint32; 11 min double; 12 max double
ExponentialHistogramDataPoint: 1 attributes []KeyValue; 2 startTimeUnixNano fixed64; 3 timeUnixNano fixed64; 4 count fixed64; 5 sum double; 6 scale sint32; 7 zeroCount fixed64; 8 positive Buckets; 9 negative Buckets; 10 flags uint32; 11 exemplars []Exemplar; 12 min double; 13 max double; 14 zeroThreshold double
Buckets: 1 offset sint32; 2 bucketCounts []uint64
SummaryDataPoint: 7 attributes []KeyValue; 2 startTimeUnixNano fixed64; 3 timeUnixNano fixed64; 4 count fixed64; 5 sum double; 6 quantileValues []ValueAtQuantile; 8 flags uint32
ValueAtQuantile: 1 quantile double; 2 value double
Exemplar: 7 filteredAttributes []KeyValue; 2 timeUnixNano fixed64; 3 asDouble double; 6 asInt sfixed64; 4 spanId hex; 5 traceId hex
`)

// otlpJSON returns a request of a signal as JSON.
func otlpJSON(signal string, body []byte) ([]byte, error) {
	return otlpSchema[signal].appendJSON(nil, body, 0)
}
