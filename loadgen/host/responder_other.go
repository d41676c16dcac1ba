//go:build !linux

package host

import "time"

// responder is only there on Linux.
type responder struct{ address string }

func newResponder(int) (*responder, error) { return nil, ErrNoSelfTest }

func (*responder) close() error { return nil }

func (*responder) cpu() time.Duration { return 0 }
