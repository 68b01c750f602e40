package codec

import "testing"

// fuzzCodec holds a codec to what must hold for any bytes.
func fuzzCodec(f *testing.F, name string) {
	for _, src := range samples(f, name) {
		if len(src) < 4096 {
			f.Add(src)
		}
	}
	c := Lookup(name)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) <= 8<<10 {
			checkWalk(t, c, src)
		}
	})
}

func FuzzNDJSON(f *testing.F)      { fuzzCodec(f, "ndjson") }
func FuzzESBulk(f *testing.F)      { fuzzCodec(f, "esbulk") }
func FuzzESDoc(f *testing.F)       { fuzzCodec(f, "esdoc") }
func FuzzESUpdate(f *testing.F)    { fuzzCodec(f, "esupdate") }
func FuzzESAnswer(f *testing.F)    { fuzzCodec(f, "esanswer") }
func FuzzForm(f *testing.F)        { fuzzCodec(f, "form") }
func FuzzLogfmt(f *testing.F)      { fuzzCodec(f, "logfmt") }
func FuzzText(f *testing.F)        { fuzzCodec(f, "text") }
func FuzzHTML(f *testing.F)        { fuzzCodec(f, "html") }
func FuzzXML(f *testing.F)         { fuzzCodec(f, "xml") }
func FuzzCSV(f *testing.F)         { fuzzCodec(f, "csv") }
func FuzzSSE(f *testing.F)         { fuzzCodec(f, "sse") }
func FuzzSentry(f *testing.F)      { fuzzCodec(f, "sentry") }
func FuzzMinidump(f *testing.F)    { fuzzCodec(f, "sentry-minidump") }
func FuzzSentryStore(f *testing.F) { fuzzCodec(f, "sentry-store") }
func FuzzFirehose(f *testing.F)    { fuzzCodec(f, "firehose") }
func FuzzJournald(f *testing.F)    { fuzzCodec(f, "journald") }
func FuzzDatadog(f *testing.F)     { fuzzCodec(f, "datadog") }
func FuzzSplunk(f *testing.F)      { fuzzCodec(f, "splunk") }
func FuzzMultipart(f *testing.F)   { fuzzCodec(f, "multipart") }
func FuzzMsgpack(f *testing.F)     { fuzzCodec(f, "msgpack") }
func FuzzForward(f *testing.F)     { fuzzCodec(f, "forward") }
func FuzzSyslog(f *testing.F)      { fuzzCodec(f, "syslog") }
func FuzzCEF(f *testing.F)         { fuzzCodec(f, "cef") }
func FuzzLEEF(f *testing.F)        { fuzzCodec(f, "leef") }
func FuzzGELF(f *testing.F)        { fuzzCodec(f, "gelf") }

func FuzzJSON(f *testing.F) {
	for _, src := range samples(f, "json") {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 8<<10 {
			return
		}
		checkWalk(t, jsonCodec{}, src)
		checkAgainstStandard(t, src)
	})
}
