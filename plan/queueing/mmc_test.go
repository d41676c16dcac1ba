package queueing

import (
	"fmt"
	"math"
	"testing"
)

func newQueue(t *testing.T, arrivalPerSec, serviceSeconds float64, servers int) MMc {
	t.Helper()
	return must[MMc](t)(NewMMc(arrivalPerSec, serviceSeconds, servers))
}

func TestMMcPublishedMeans(t *testing.T) {
	// GNU Octave, queueing package, qsmmm.
	two, four := newQueue(t, 9, 0.2, 2), newQueue(t, 9, 0.2, 4)
	wantNear(t, "Lq of 2 servers", two.MeanQueueLength(), 7.674, 5e-4)
	wantNear(t, "R of 2 servers", two.MeanResponseSeconds(), 1.053, 5e-4)
	wantNear(t, "Lq of 4 servers", four.MeanQueueLength(), .105, 5e-4)
	wantNear(t, "R of 4 servers", four.MeanResponseSeconds(), .212, 5e-4)
	wantNear(t, "utilization", two.Utilization(), 0.9, 1e-15)
	wantNear(t, "wait probability", two.WaitProbability(), recursiveC(2, 1.8), 1e-14)
}

func TestMMcResponseQuantiles(t *testing.T) {
	one := newQueue(t, 75, 0.01, 1)
	wantRelative(t, "p99 of M/M/1", must[float64](t)(one.ResponseQuantile(.99)), -math.Log(.01)/25, 1e-10)
	wantNear(t, "p99 of M/M/1", must[float64](t)(one.ResponseQuantile(.99)), .184207, 5e-7)

	// theta == mu, the limit form.
	three := newQueue(t, 2, 1, 3)
	for q, want := range map[float64]float64{.5: 1.08741, .9: 3.18440, .95: 4.02069, .99: 5.89117} {
		wantNear(t, fmt.Sprintf("quantile %g", q), must[float64](t)(three.ResponseQuantile(q)), want, 5e-6)
	}
}

func TestMMcLimitFormIsSmooth(t *testing.T) {
	const seconds = 1.7
	c := recursiveC(3, 2)
	want := math.Exp(-seconds) * (1 + c*seconds)
	for _, off := range []float64{0, 1e-15, -1e-15, 1e-9, -1e-9, 1e-6, -1e-6} {
		q := newQueue(t, 2+off, 1, 3)
		wantNear(t, fmt.Sprintf("tail at lambda 2%+g", off), must[float64](t)(q.ResponseTail(seconds)), want, 2e-6)
	}
	wantNear(t, "tail at theta = mu", must[float64](t)(newQueue(t, 2, 1, 3).ResponseTail(seconds)), want, 1e-14)
}

// The textbook form, where theta and mu are far enough apart for it.
func TestMMcResponseTailTextbookForm(t *testing.T) {
	for _, c := range []struct {
		lambda, mu float64
		servers    int
	}{{9, 5, 2}, {9, 5, 4}, {75, 100, 1}, {0.9, 1, 1}, {700, 10, 90}} {
		q := newQueue(t, c.lambda, 1/c.mu, c.servers)
		theta, wait := float64(c.servers)*c.mu-c.lambda, recursiveC(c.servers, c.lambda/c.mu)
		for _, units := range []float64{0, .1, 1, 5, 30} {
			s := units / c.mu
			want := (1-wait)*math.Exp(-c.mu*s) + wait*(theta*math.Exp(-c.mu*s)-c.mu*math.Exp(-theta*s))/(theta-c.mu)
			wantRelative(t, fmt.Sprintf("%+v tail at %g", c, s), must[float64](t)(q.ResponseTail(s)), want, 1e-9)
			wantRelative(t, fmt.Sprintf("%+v wait tail at %g", c, s), must[float64](t)(q.WaitTail(s)), wait*math.Exp(-theta*s), 1e-9)
		}
	}
}

func TestMMcWaitQuantile(t *testing.T) {
	q := newQueue(t, 2, 1, 3) // C = 4/9
	wantNear(t, "median wait", must[float64](t)(q.WaitQuantile(.5)), 0, 0)
	wantRelative(t, "p90 wait", must[float64](t)(q.WaitQuantile(.9)), math.Log(4.0/9/.1), 1e-12)
}

func TestMMcIdleAndSaturated(t *testing.T) {
	idle := newQueue(t, 0, 0.1, 3)
	if idle.MeanWaitSeconds() != 0 || idle.MeanResponseSeconds() != 0.1 || idle.Utilization() != 0 {
		t.Errorf("idle queue: wait %g, response %g, utilization %g", idle.MeanWaitSeconds(), idle.MeanResponseSeconds(), idle.Utilization())
	}
	wantRelative(t, "idle p99", must[float64](t)(idle.ResponseQuantile(.99)), -0.1*math.Log(.01), 1e-12)
	_, err := NewMMc(30, 0.1, 3)
	wantError(t, "rho = 1", err, ErrUnstable)
	_, err = NewMMc(31, 0.1, 3)
	wantError(t, "rho > 1", err, ErrUnstable)
	_, err = ErlangC(3, 3)
	wantError(t, "C(3, 3)", err, ErrUnstable)
}

func TestMMcZeroValueAnswersFinite(t *testing.T) {
	var q MMc
	if q.MeanWaitSeconds() != 0 || q.MeanResponseSeconds() != 0 || q.Utilization() != 0 || q.MeanQueueLength() != 0 {
		t.Error("the zero MMc has a load")
	}
	if _, err := q.ResponseQuantile(.5); err == nil {
		t.Error("the zero MMc gave a quantile")
	}
	if tail, err := q.ResponseTail(1); err != nil || tail != 0 {
		t.Errorf("the zero MMc has tail %g, error %v", tail, err)
	}
}
