package proxy

import "io"

// embedded names a format of answers of success that has errors of its own.
type embedded string

func (x *exchange) embeds() embedded { return "" }

func (x *exchange) planEmbedded(src io.Reader, inspect bool) (answerPlan, bool) {
	return answerPlan{stream: src, size: max(x.in.Header.ContentLength(), -1)}, false
}
