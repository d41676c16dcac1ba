package pulse

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
)

const ms = time.Millisecond

// TestSpoil tells the requests that a gap from 1 s to 1.5 s spoiled from the others; the limit is 50 ms.
func TestSpoil(t *testing.T) {
	for _, c := range []struct {
		name            string
		due, sent, done time.Duration
		want            bool
	}{
		{"answered before the gap", 900 * ms, 900 * ms, 999 * ms, false},
		{"due in the gap, sent after it", 1100 * ms, 1500 * ms, 1520 * ms, true},
		{"due at the gap's end, sent in time", 1480 * ms, 1510 * ms, 1520 * ms, false},
		{"due after the gap", 1500 * ms, 1700 * ms, 1720 * ms, false},
		{"due before the gap, sent after it", 950 * ms, 1501 * ms, 1520 * ms, true},
		{"in flight, and its answer read at once after the gap", 990 * ms, 990 * ms, 1501 * ms, true},
		{"in flight, and answered long after the gap", 990 * ms, 990 * ms, 1800 * ms, false},
	} {
		p := New(50 * ms)
		p.Beat(1000 * ms)
		p.Beat(1500 * ms)
		if got := p.Spoil(Request{c.due, c.sent, c.done}, 50*ms); got != c.want {
			t.Errorf("%s: spoiled is %v, wanted %v", c.name, got, c.want)
		}
	}
}

// TestGaps: what beats at least as often as the limit has no gap, and of longer silences each that spoiled something is kept once.
func TestGaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := time.Duration(rapid.IntRange(1, 100).Draw(t, "limit")) * ms
		longest := max(limit, shortestGap)
		p := New(limit)
		var got, want []record.Gap
		now := time.Duration(rapid.IntRange(-5000, 0).Draw(t, "from")) * ms
		p.Beat(now)
		for range rapid.IntRange(1, 50).Draw(t, "beats") {
			before := now
			now += time.Duration(rapid.Int64Range(0, int64(3*longest)).Draw(t, "silence"))
			if p.GapUpTo(now) != (now-before > longest) {
				t.Fatalf("a silence of %v with limit %v: gap is %v", now-before, limit, p.GapUpTo(now))
			}
			if p.GapUpTo(now) {
				got = p.Take(got)
			}
			p.Beat(now)
			if now-before > longest && rapid.Bool().Draw(t, "something was due") {
				p.Spoil(Request{before, now, now}, 0)
				want = append(want, record.Gap{From: before.Seconds(), To: now.Seconds(), Requests: 1})
			}
		}
		got = p.Take(got)
		if len(got) != len(want) {
			t.Fatalf("found gaps %v, wanted %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("found gaps %v, wanted %v", got, want)
			}
		}
	})
}

// TestSleep finds each sleep once, and takes no small difference between clocks for one.
func TestSleep(t *testing.T) {
	total := time.Hour
	s := newSleep(func() time.Duration { return total })
	for _, c := range []struct{ more, want time.Duration }{{0, 0}, {ms, 0}, {30 * time.Second, 30 * time.Second}, {0, 0}, {-ms, 0}, {3 * time.Second, 3 * time.Second}} {
		total += c.more
		if got := s.Since(); got != c.want {
			t.Errorf("after %v more the sleep is %v, wanted %v", c.more, got, c.want)
		}
	}
}

// TestSystemClock: this machine did not sleep while the test ran.
func TestSystemClock(t *testing.T) {
	s := NewSleep()
	time.Sleep(10 * ms)
	if slept := s.Since(); slept != 0 {
		t.Errorf("slept for %v, wanted 0", slept)
	}
}
