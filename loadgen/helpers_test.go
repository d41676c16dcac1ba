package loadgen

import (
	"context"
	"math"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// TestMain also fails where a goroutine is left over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parse reads a scenario that needs no more than what a test is about.
func parse(t testing.TB, text string) *scenarios.Scenario { return loadtest.Parse(t, text) }

// must returns a value whose error would be a fault of the test itself.
func must[T any](v T, err error) T { return loadtest.Must(v, err) }

// compile makes a storm that is not to be sent.
func compile(t testing.TB, text string, change ...func(*Options)) *Storm {
	t.Helper()
	o := Options{Scenario: parse(t, text), Target: loadtest.Target(), Seed: 1}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// send runs a storm and reads its record.
func send(ctx context.Context, t testing.TB, s *Storm, observe Observer) loadtest.Run {
	t.Helper()
	m, err := s.Manifest(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(filepath.Join(t.TempDir(), "run"), m, s.Scenario.Document)
	if err != nil {
		t.Fatal(err)
	}
	end, runErr := s.Run(ctx, w, m.T0, observe)
	r, err := record.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return loadtest.Run{End: end, Err: runErr, Record: r}
}

// near reports whether a duration is within a share of another.
func near(got, want time.Duration, share float64) bool {
	return math.Abs(float64(got-want)) <= share*float64(want)
}

const (
	ms = time.Millisecond
	s1 = time.Second
)
