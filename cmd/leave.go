package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// leaveAfter is how long a command may take to end by itself once the user has stopped it.
const leaveAfter = time.Second

// leaving decides whether a stopped command may be left as it is: reading, compiling or planning need not end for the process to
// end. A command that has something to save or to shut down holds on to the process, and ends by itself.
type leaving struct {
	mutex sync.Mutex
	holds int
	kept  bool   // the user stopped the command while it held on: it ends by itself, and shows what it saved
	saved string // the run that was saved last; empty for none
}

type leavingKey struct{}

// withLeaving returns a context whose command can hold on, and its leaving.
func withLeaving(ctx context.Context) (context.Context, *leaving) {
	l := &leaving{}
	return context.WithValue(ctx, leavingKey{}, l), l
}

// holdOn says that the command has something to save or to shut down until release is called, with the run that is saved by then, if
// any.
func holdOn(ctx context.Context) (release func(run string)) {
	l, ok := ctx.Value(leavingKey{}).(*leaving)
	if !ok {
		return func(string) {}
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.holds++
	return func(run string) {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.holds--
		l.kept = l.kept || ctx.Err() != nil
		if run != "" {
			l.saved = run
		}
	}
}

// mayLeave returns the error of a command that is left as it is, nil where it must end by itself.
func (l *leaving) mayLeave() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	switch {
	case l.holds > 0 || l.kept:
		return nil
	case l.saved != "":
		return &interruptedError{fmt.Errorf("stopped before the report was done; the run is saved in %s: fsctl report %[1]s", l.saved)}
	}
	return &interruptedError{errors.New("stopped before there was anything to report")}
}

// untilLeft runs a command. Where the user stops it and it neither ends nor holds on, untilLeft returns without it.
func (l *leaving) untilLeft(ctx context.Context, command func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- command() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(leaveAfter)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
	}
	if err := l.mayLeave(); err != nil {
		return err
	}
	return <-ended
}
