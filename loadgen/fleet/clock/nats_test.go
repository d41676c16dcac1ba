package clock

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"fsctl/loadgen/fleet/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// overBus starts a bus with an agent and a coordinator on it.
func overBus(t testing.TB) (coordinator, agent *nats.Conn) {
	t.Helper()
	s, err := bus.StartServer(bus.ServerOptions{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	var both []*nats.Conn
	for slot := range 2 {
		c, err := bus.Connect(soon(t), bus.Config{URL: s.URL(), Slot: slot})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		both = append(both, c)
	}
	return both[0], both[1]
}

// Both clocks are this machine's, so that the offset that is put in is the truth.
func TestMeasureOverTheBus(t *testing.T) {
	t.Parallel()
	coordinator, agent := overBus(t)
	for _, truth := range []time.Duration{0, 2900 * time.Millisecond, -2900 * time.Millisecond} {
		run, steady := bus.NewRun(), Steady()
		if _, err := Answer(coordinator, run, func() time.Time { return steady().Add(truth) }); err != nil {
			t.Fatal(err)
		}
		if err := coordinator.FlushWithContext(soon(t)); err != nil {
			t.Fatal(err)
		}
		r, err := Measure(soon(t), agent, run, Config{Now: steady, Timeout: 20 * time.Second})
		if err != nil || r.Probes != defaultProbes {
			t.Fatalf("%d probes, %v", r.Probes, err)
		}
		t.Logf("%v, at most %v off, in truth %v", r.Offset, r.Bound, truth)
		wantWithin(t, "offset", r.Offset, truth, r.Bound)
	}
}

func TestMeasureWithoutACoordinator(t *testing.T) {
	t.Parallel()
	_, agent := overBus(t)
	if _, err := Measure(soon(t), agent, bus.NewRun(), Config{}); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("found %v", err)
	}
}

func TestMeasureWithHostileAnswers(t *testing.T) {
	t.Parallel()
	coordinator, agent := overBus(t)
	for answer, want := range map[string]string{
		"":                         "found 0 bytes",
		"short":                    "found 5 bytes",
		strings.Repeat("x", 17):    "found 17 bytes",
		strings.Repeat("x", 16):    "set the clock",
		strings.Repeat("\x00", 16): "set the clock",
	} {
		run := bus.NewRun()
		if _, err := coordinator.Subscribe(run.ClockSubject(), func(m *nats.Msg) { _ = m.Respond([]byte(answer)) }); err != nil {
			t.Fatal(err)
		}
		if err := coordinator.FlushWithContext(soon(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := Measure(soon(t), agent, run, Config{Timeout: 20 * time.Second}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: found %v", answer, err)
		}
	}
}

// A probe that asks for no answer does no harm.
func TestProbeWithoutReply(t *testing.T) {
	t.Parallel()
	coordinator, agent := overBus(t)
	run := bus.NewRun()
	if _, err := Answer(coordinator, run, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := coordinator.FlushWithContext(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := agent.Publish(run.ClockSubject(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Measure(soon(t), agent, run, Config{Timeout: 20 * time.Second}); err != nil {
		t.Error(err)
	}
}

// A round of 64 probes over loopback.
func BenchmarkMeasure(b *testing.B) {
	coordinator, agent := overBus(b)
	run := bus.NewRun()
	if _, err := Answer(coordinator, run, Steady()); err != nil {
		b.Fatal(err)
	}
	if err := coordinator.FlushWithContext(soon(b)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := Measure(b.Context(), agent, run, Config{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Bound), "bound-ns")
	}
}
