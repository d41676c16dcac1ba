//go:build !386 && !s390x

package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// socket is a TCP connection whose Read first sends what Write held back, and then waits.
//
// net.Conn's Read asks the kernel before it waits. Right after a request was sent the kernel never has
// the answer, so that is a system call in vain for each request. Here the request is written within
// the read, after the poller was armed for a wait: whatever arrives from then on ends the wait.
// What had arrived before does not, which is why waits are cut into slices (see Conn.rearm).
type socket struct {
	net.Conn
	raw   syscall.RawConn
	ready func(fd uintptr) bool // onReady, made once

	hold    bool // Write holds back
	poll    bool // Read does not wait
	out     []byte
	writeBy time.Time // for what did not go out at once
	held    []byte    // memory for what Write holds back

	in       []byte
	n        int
	err      error
	writeErr error
}

// newSocket returns nil for connections that are not the kernel's.
func newSocket(nc net.Conn) *socket {
	if _, ok := nc.(*net.TCPConn); !ok {
		return nil
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	s := &socket{Conn: nc, raw: raw}
	s.ready = s.onReady
	return s
}

// Write sends p, or holds it back until the next Read.
func (s *socket) Write(p []byte) (int, error) {
	if !s.hold {
		return s.Conn.Write(p)
	}
	s.held = append(s.held, p...)
	s.out = s.held
	return len(p), nil
}

// Read sends what was held back and reads what comes.
func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		s.in, s.n, s.err = p, 0, nil
		err := s.raw.Read(s.ready)
		s.in = nil
		if err == nil {
			err = s.err
		}
		if !errors.Is(err, errShort) {
			return s.n, err
		}
		if err := s.Conn.SetWriteDeadline(s.writeBy); err != nil {
			return 0, err
		}
		out := s.out
		s.out = nil
		if _, err := s.Conn.Write(out); err != nil {
			return 0, err
		}
	}
}

// errShort is a request that did not go out at once.
var errShort = errors.New("short write")

// onReady is one attempt; it returns false to wait for the connection to become readable.
func (s *socket) onReady(fd uintptr) bool {
	if len(s.out) > 0 {
		n, err := transfer(syscall.SYS_SENDTO, fd, s.out)
		s.out = s.out[max(n, 0):]
		switch {
		case err == nil && len(s.out) == 0:
			return false
		case err == nil || err == syscall.EAGAIN:
			s.err = errShort
			return true
		}
		s.out, s.writeErr = nil, os.NewSyscallError("write", err)
	}
	n, err := transfer(syscall.SYS_RECVFROM, fd, s.in)
	switch {
	case err == nil && n > 0:
		s.n = n
	case s.writeErr != nil: // an answer that was there already goes first
		s.err, s.writeErr = s.writeErr, nil
	case err == nil:
		s.err = io.EOF
	case err != syscall.EAGAIN:
		s.err = os.NewSyscallError("read", err)
	case s.poll:
		s.err = errNothing
	default:
		return false
	}
	return true
}

// transfer sends or receives what goes at once. It does not announce the call to the scheduler, as package syscall
// does, since the call never waits; and sendto and recvfrom spare the kernel the way through its file systems.
func transfer(call, fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// lateBind makes the kernel choose the port when it knows the target, so that each target has all ports.
func lateBind(_, _ string, raw syscall.RawConn) error {
	const ipBindAddressNoPort = 24
	return raw.Control(func(fd uintptr) {
		// A kernel that does not know it has fewer ports, and that is all.
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_IP, ipBindAddressNoPort, 1)
	})
}
