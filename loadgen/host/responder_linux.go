package host

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// responder answers requests over loopback at the least cost: each of its threads waits for all of its
// connections at once. The system counts CPU by threads, so that what answering takes can be separated from
// what asking takes.
type responder struct {
	address  string
	listener net.Listener
	threads  []*responderThread
	open     []net.Conn // accept's until it has ended
	running  sync.WaitGroup
	stopped  atomic.Bool
}

type responderThread struct {
	poll int // file descriptor of epoll
	cpu  time.Duration
}

// answer is what a responder says to everything.
const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"state\": \"open\"}"

// glance is how often a thread that has nothing to do looks whether it should end, in milliseconds.
const glance = 20

func newResponder(threads int) (*responder, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("self-test: %w", err)
	}
	r := &responder{address: listener.Addr().String(), listener: listener}
	for range threads {
		poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("self-test: %w", err), r.close())
		}
		t := &responderThread{poll: poll}
		r.threads = append(r.threads, t)
		r.running.Go(func() { t.serve(&r.stopped) })
	}
	r.running.Go(r.accept)
	return r, nil
}

// accept hands connections to the threads in turn.
func (r *responder) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.open = append(r.open, conn)
		thread := r.threads[len(r.open)%len(r.threads)]
		if raw, err := conn.(*net.TCPConn).SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { // a connection that is not served shows in the count of answers
				_ = syscall.EpollCtl(thread.poll, syscall.EPOLL_CTL_ADD, int(fd), &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
			})
		}
	}
}

// serve answers until the responder is stopped.
func (t *responderThread) serve(stopped *atomic.Bool) {
	runtime.LockOSThread() // never unlocked: the thread ends, and no other goroutine's CPU is counted with it
	before := cpuOf(syscall.RUSAGE_THREAD)
	events := make([]syscall.EpollEvent, 128)
	request := make([]byte, 16<<10)
	for !stopped.Load() {
		n, _ := syscall.EpollWait(t.poll, events, glance) // an interruption is as good as nothing
		for _, e := range events[:max(n, 0)] {
			// The generator waits for each answer, and its request is in one piece.
			if n, err := syscall.Read(int(e.Fd), request); n > 0 {
				_, _ = syscall.Write(int(e.Fd), []byte(answer))
			} else if err != syscall.EAGAIN {
				_ = syscall.EpollCtl(t.poll, syscall.EPOLL_CTL_DEL, int(e.Fd), nil)
			}
		}
	}
	t.cpu = cpuOf(syscall.RUSAGE_THREAD) - before
	_ = syscall.Close(t.poll)
}

// close stops the responder and waits for its end.
func (r *responder) close() error {
	r.stopped.Store(true)
	err := r.listener.Close()
	r.running.Wait()
	for _, conn := range r.open { // not before: another file could get the number that a thread reads from
		err = errors.Join(err, conn.Close())
	}
	r.open = nil
	return err
}

// cpu stops the responder and returns the CPU time that answering took.
func (r *responder) cpu() time.Duration {
	_ = r.close() // nothing is lost
	var sum time.Duration
	for _, t := range r.threads {
		sum += t.cpu
	}
	return sum
}
