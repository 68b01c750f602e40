//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package proxy

import (
	"net"
	"syscall"
)

// livenessOf returns a check whether an idle connection is still open. One
// byte is peeked at without waiting: end of stream or an error means that the
// peer has left. Unasked data on a plain connection can only be the peer's
// farewell (a 408, say); under TLS it may be a session ticket.
func livenessOf(conn net.Conn, isTLS bool) func() bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	var b [1]byte
	var open bool
	peek := func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR:
			open = true
		case err == nil && n > 0:
			open = isTLS
		}
		b[0] = 0
	}
	return func() bool { // for one caller at a time, as a connection is
		open = false
		return raw.Control(peek) == nil && open
	}
}
