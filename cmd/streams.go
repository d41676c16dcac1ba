package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// standardStreams are those of this process. A reader that has gone, of a pipe or a terminal that hung up, is no error: a storm goes
// on, and its exit code stays what it is.
func standardStreams() Streams {
	signal.Ignore(syscall.SIGPIPE)
	return Streams{os.Stdin, &standard{File: os.Stdout}, &standard{File: os.Stderr}}
}

// standard is standard output or error.
type standard struct {
	*os.File
	isGone atomic.Bool // its reader has
}

// Write writes p, or drops it where its reader has gone.
func (s *standard) Write(p []byte) (int, error) {
	if s.isGone.Load() {
		return len(p), nil
	}
	n, err := s.File.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) {
		s.isGone.Store(true)
		return len(p), nil
	}
	return n, err
}

// untilStopped returns a context that ends when the user stops the process, by Ctrl-C or by closing the terminal, or the system does. A
// second signal ends the process at once.
func untilStopped() (ctx context.Context, restore func()) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup has it ignored
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, restore = signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, restore)
	return ctx, restore
}
