package codec

import "bytes"

func init() { Register(minidumpCodec{}) }

// minidumpCodec is a crash report for Sentry: a form with the dump, which is left alone
// and counted, and text about it, of which the part "sentry" is an event (Sentry
// documentation, "Minidumps"). What stays in an event stays in that part.
type minidumpCodec struct{ multipartCodec }

func (minidumpCodec) Name() string         { return "sentry-minidump" }
func (minidumpCodec) MediaTypes() []string { return nil }
func (minidumpCodec) NewWalker() Walker    { return &minidumpWalker{} }

// Endpoint takes forms that are sent to /api/PROJECT/minidump/.
func (minidumpCodec) Endpoint(path, mediaType string, _ []byte) bool {
	return mediaType == "multipart/form-data" && sentryEndpoint(path, "minidump")
}

type minidumpWalker struct {
	multipartWalker
	event minidumpEvent
}

func (w *minidumpWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.event.Visitor = v
	out, n, err = w.multipartWalker.Walk(dst, src, final, &w.event)
	w.event = minidumpEvent{}
	return out, n, err
}

// minidumpEvent is a visitor that keeps from another what stays in the event.
type minidumpEvent struct {
	Visitor
	field Field
}

func (e *minidumpEvent) Visit(f *Field) ([]Splice, bool, error) {
	if path, ok := bytes.CutPrefix(f.Path, []byte("sentry")); ok && (f.Kind == Name || len(path) > 0) {
		e.field = *f
		e.field.Path = bytes.TrimPrefix(path, []byte("."))
		if keptBySentry(&e.field) {
			return nil, false, nil
		}
	}
	return e.Visitor.Visit(f)
}

// Skipped implements Skipper.
func (e *minidumpEvent) Skipped(n int) { skip(e.Visitor, n) }
