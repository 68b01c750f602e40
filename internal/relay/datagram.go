package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// datagramProtocol is what the protocols have of their own whose clients send messages
// as datagrams.
type datagramProtocol interface {
	// appendFramed appends a body as it goes over a stream.
	appendFramed(dst, body []byte) []byte
	sinkFormat
}

// maxDatagram is more than any datagram has over IPv4 and IPv6 without jumbograms.
const maxDatagram = 64 << 10

// takeDatagram returns what is to go on of a datagram that came, in memory of its own,
// and how long a datagram with it may be; nil if nothing is to go on yet. The Listener is
// the one that serves the sender.
type takeDatagram func(l *Listener, data []byte, from netip.AddrPort) (body []byte, limit int)

// serveDatagrams serves a socket. Where the upstream is a stream or the store, a queue
// stands between them, as there is no way to make the senders wait.
func serveDatagrams(l *Listener, p datagramProtocol, c *net.UDPConn, take takeDatagram) {
	out := l.newSink(p)
	if direct, ok := out.(*datagramSink); ok {
		defer out.close()
		readDatagrams(l, c, p, take, direct.send)
		return
	}
	q := &queue{l: l, p: p, sink: out, wake: make(chan struct{}, 1)}
	done := make(chan struct{})
	l.running.Go(func() {
		defer close(done)
		q.run()
	})
	defer func() {
		q.end()
		<-done
	}()
	readDatagrams(l, c, p, take, func(body []byte, _ int) { q.add(body) })
}

// readDatagrams gives what take makes of each datagram of a socket to send, until the
// listener stops. The data is valid during the call.
func readDatagrams(l *Listener, c *net.UDPConn, p datagramProtocol, take takeDatagram, send func(body []byte, limit int)) {
	buf := make([]byte, maxDatagram)
	at := c.LocalAddr().(*net.UDPAddr).AddrPort()
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			if l.stopped() || errors.Is(err, net.ErrClosed) || !l.sleep(acceptPause) {
				return
			}
			continue
		}
		of, send := l, send
		if guest := l.host.Door().Sender(from, at); guest != nil {
			of = l.of(guest)
			send = of.sendOne(p)
		}
		of.host.Count(Received, 1)
		of.host.Count(ReceivedBytes, n)
		if data := buf[:n]; n > 0 {
			l.guard(func() {
				if body, limit := take(of, data, from); body != nil {
					send(body, limit)
				}
			})
			clear(data)
		}
	}
}

// sendOne returns what sends a datagram of a guest on, each by a sink of its own: those of
// the listener are for clients.
func (l *Listener) sendOne(p datagramProtocol) func(body []byte, limit int) {
	return func(body []byte, limit int) {
		out := l.newSink(p)
		defer out.close()
		if direct, ok := out.(*datagramSink); ok {
			direct.send(body, limit)
			return
		}
		out.put(batch{p.appendFramed(nil, body), func() [][]byte { return [][]byte{body} }})
	}
}

// maxQueue bounds the bytes of datagrams that wait.
const maxQueue = 8 << 20

// queue holds scrubbed datagrams until the sink takes them, several at once.
type queue struct {
	l    *Listener
	p    datagramProtocol
	sink sink

	mu     sync.Mutex
	bodies [][]byte
	size   int
	ended  bool
	wake   chan struct{}
}

// add puts a body into the queue, or drops it if that is full.
func (q *queue) add(body []byte) {
	q.mu.Lock()
	full := q.size+len(body) > maxQueue
	if !full {
		q.bodies = append(q.bodies, body)
		q.size += len(body)
	}
	q.mu.Unlock()
	if full {
		q.l.drop(DroppedQueue, 1, "the upstream is slower than what comes")
		return
	}
	q.awake()
}

func (q *queue) awake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// end says that nothing more comes.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.awake()
}

// run hands on what is in the queue until its end.
func (q *queue) run() {
	defer q.sink.close()
	var framed []byte
	for range q.wake {
		q.mu.Lock()
		bodies, ended := q.bodies, q.ended
		q.bodies, q.size = nil, 0
		q.mu.Unlock()
		framed = framed[:0]
		for _, b := range bodies {
			framed = q.p.appendFramed(framed, b)
		}
		if len(bodies) > 0 && !q.sink.put(batch{framed, func() [][]byte { return bodies }}) {
			q.l.drop(DroppedStop, len(bodies), "the upstream was not there before the end")
		}
		clear(framed)
		if ended {
			return
		}
	}
}
