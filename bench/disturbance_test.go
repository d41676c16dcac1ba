package main

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

const cores = `cpu  30 0 0 0 0 0 0 0 0 0
cpu0 100 10 50 1000 7 900 900 40 0 0
cpu1 1 2 3 4 5 6 7 8 0 0
intr 1
`

func TestCoreTime(t *testing.T) {
	if got, err := coreTime(cores, 0); err != nil || got != 2*time.Second {
		t.Errorf("found %v (%v), wanted user, nice, system and steal of cpu0: 2 s", got, err)
	}
	if got, err := coreTime(cores, 2); err == nil {
		t.Errorf("found %v of a core that is not there, wanted an error", got)
	}
}

func TestFamilyTime(t *testing.T) {
	got, err := familyTime("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 20 3 4 20 0 9 0 1")
	if want := 1270 * time.Millisecond; err != nil || got != want {
		t.Errorf("found %v (%v), wanted %v", got, err, want)
	}
	for _, broken := range []string{"", "7 (a) S 1 2", "7 (a) S 1 2 3 4 5 6 7 8 9 10 x 20 3 4 20"} {
		if got, err := familyTime(broken); err == nil {
			t.Errorf("%q: found %v, wanted an error", broken, got)
		}
	}
}

func TestOthers(t *testing.T) {
	begin := time.Now()
	from := workload{begin, 10 * time.Second, 5 * time.Second}
	to := workload{begin.Add(2 * time.Second), 13 * time.Second, 7 * time.Second}
	if got := to.others(from); got != 0.25 {
		t.Errorf("found %v, wanted 1 s of the 4 s that two cores have", got)
	}
	to.ours += 3 * time.Second // on other cores
	if got := to.others(from); got != 0 {
		t.Errorf("found %v, wanted 0", got)
	}
}

func TestFailedMeasurementIsNotRepeated(t *testing.T) {
	b := &bench{options: options{generatorCore: 0, serverCore: 0}, notes: notes{progress: io.Discard}, server: &server{worker: os.Getpid()}}
	broken, measured := errors.New("broken"), 0
	_, err := b.undisturbed("test", false, func() (sample, error) { measured++; return nil, broken })
	if !errors.Is(err, broken) || measured != 1 {
		t.Errorf("measured %d times, then %v; wanted once and its error", measured, err)
	}
}
