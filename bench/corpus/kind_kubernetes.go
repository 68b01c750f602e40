package corpus

import "fmt"

var _ = register(Kind{Name: "kubernetes", line: kubernetesLine})

// kubernetesLine is the klog format of Kubernetes' own programs, as a container
// runtime writes it.
func kubernetesLine(g *gen, dst []byte) []byte {
	at := g.tick()
	service := g.pick(services)
	dst = fmt.Appendf(dst, "%s stderr F ", at.Format("2006-01-02T15:04:05.000000000Z"))
	if g.IntN(2) == 0 {
		return fmt.Appendf(dst, `I%s %7d pod_workers.go:%d] "Syncing pod" pod="default/%s-%s-%s" podUID="%s"`,
			at.Format("0102 15:04:05.000000"), g.IntN(99999), g.IntN(2000), service, g.hex(10), g.hex(5), g.uuid())
	}
	return fmt.Appendf(dst, `W%s %7d %s.go:%d] object="default/%s" reason="BackOff" message="%s"`,
		at.Format("0102 15:04:05.000000"), g.IntN(99999), g.pick(pods), g.IntN(2000), service, g.fill(messages))
}
