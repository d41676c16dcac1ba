package model

import (
	"testing"
)

func TestResponse(t *testing.T) {
	mm1 := NewResponseTime(75, 0.01, 1, 1)
	near(t, "p99 of M/M/1", mm1.Quantile(0.99), 0.184207, 1e-5)
	// Beside scv 1 the gamma fit has to continue the exact distribution of M/M/1.
	near(t, "p99 beside M/M/1", NewResponseTime(75, 0.01, 1+1e-9, 1).Quantile(0.99), 0.184207, 1e-5)
	near(t, "median of a fixed service time", NewResponseTime(1, 0.01, 0, 100).Quantile(0.5), 0.01, 1e-9)
	near(t, "mean of Pollaczek-Khinchine", NewResponseTime(80, 0.01, 4, 1).mean, 0.01+0.1, 1e-9)
	for _, scv := range []float64{0, 1e-8, 0.5, 1, 4, 100} {
		r := NewResponseTime(80, 0.01, scv, 1)
		for _, p := range []float64{0.5, 0.99} {
			if q := r.Quantile(p); r.Tail(q) > 1-p+1e-9 || r.Tail(q*(1-1e-6)) < 1-p-1e-9 {
				t.Errorf("scv %g: the tail beyond the %g quantile of %g s is %g", scv, p, q, r.Tail(q))
			}
		}
	}
}

// A share that waits may be so small that its inverse is no number any more.
func TestResponseTimeWhereHardlyAnyCallWaits(t *testing.T) {
	hardly := false
	for cores := 1300; cores < 1500; cores++ {
		r := NewResponseTime(0.3*float64(cores), 1, 0.5, cores)
		if p := r.Quantile(0.99); !(p > 1 && p < 10) {
			t.Fatalf("%d cores, %g of calls wait: p99 is %g s, want that of the service time", cores, r.Wait, p)
		}
		hardly = hardly || r.Wait > 0 && r.Wait < 1e-308
	}
	if !hardly {
		t.Error("no case in which the share is as small as that")
	}
}
