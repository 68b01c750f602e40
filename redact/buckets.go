package redact

type buckets struct{}

func newBuckets(triggers []trigger) *buckets { return nil }
