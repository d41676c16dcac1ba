package record

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
)

// fillDisk writes a run into dir until there is no more room, and returns what is wrong with that.
func fillDisk(dir string) error {
	dir = filepath.Join(dir, "run")
	w, err := Create(dir, testManifest(), []byte("name: live-drop\n"))
	if err != nil {
		return err
	}
	want := live()
	second := 0
	for ; second < 10_000; second++ {
		interval := bulkyInterval(second)
		if err = w.Write(interval); err != nil {
			break
		}
		want.Add(interval)
	}
	if err == nil || w.Err() == nil {
		return errors.New("the disk never became full")
	}
	full := strings.Contains(err.Error(), "the disk is full") && errors.Is(err, syscall.ENOSPC) ||
		strings.Contains(err.Error(), "file sizes") && errors.Is(err, syscall.EFBIG)
	if !full || !strings.Contains(err.Error(), dir) {
		return fmt.Errorf("the error names no file or no reason: %w", err)
	}
	for name, again := range map[string]error{
		"Write":       w.Write(bulkyInterval(second)),
		"empty Write": w.Write(Interval{Second: second}),
		"Told":        w.Told(Order{}),
	} {
		if again == nil || again.Error() != err.Error() {
			return fmt.Errorf("%s after the failure: %w, wanted the first error", name, again)
		}
	}
	for _, stage := range []string{"broken", "closed"} {
		if stage == "closed" {
			_ = w.Close(End{Reason: Completed}) // may fail: there is no room
		}
		if err := checkFull(dir, want); err != nil {
			return fmt.Errorf("%s record: %w", stage, err)
		}
	}
	return nil
}

// checkFull wants everything in the record that was written before the disk was full.
func checkFull(dir string, want *Record) error {
	r, err := Open(dir)
	if err != nil {
		return err
	}
	if r.Torn != 0 && r.Manifest.End != nil {
		return fmt.Errorf("%d files are torn, wanted none of a run with an end", r.Torn)
	}
	if end := r.Manifest.End; end != nil && (end.Reason != Failed || end.Message == "") {
		return fmt.Errorf("it says that the run ended %+v", end)
	}
	_, last, _ := want.Seconds()
	for number := range last + 1 {
		window := Window{number, number + 1}
		if got, want := r.Count(window, nil), want.Count(window, nil); got != want {
			return fmt.Errorf("second %d has %d values, wanted %d", number, got, want)
		}
		if got, want := r.Counters(window, "").Due, want.Counters(window, "").Due; got != want {
			return fmt.Errorf("second %d has %d due, wanted %d", number, got, want)
		}
	}
	return nil
}

// bulkyInterval takes some kilobytes, so that a small disk is soon full.
func bulkyInterval(second int) Interval {
	interval := testInterval(second)
	h := NewHistogram()
	for i := range int64(500) {
		_ = h.RecordValue((i*i*7919 + int64(second)) * 1000) // within the range
	}
	interval.Histograms[Tag{ServiceTime, "bulky", OutcomeOK}] = h
	interval.Histograms[Tag{ResponseTime, "bulky", OutcomeOK}] = h
	interval.Steps["bulky"] = &Counters{Sent: 500, Done: 500}
	return interval
}
