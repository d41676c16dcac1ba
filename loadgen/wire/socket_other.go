//go:build !linux || 386 || s390x

package wire

import (
	"net"
	"syscall"
	"time"
)

// socket is the short cut past net.Conn, which there is on Linux only.
type socket struct {
	net.Conn
	hold, poll bool
	out, held  []byte
	writeBy    time.Time
}

func newSocket(net.Conn) *socket { return nil }

func lateBind(string, string, syscall.RawConn) error { return nil }
