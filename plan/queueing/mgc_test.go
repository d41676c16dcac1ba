package queueing

import (
	"fmt"
	"testing"
)

func TestPollaczekKhinchine(t *testing.T) {
	for scv, want := range map[float64]float64{0: 2, 1: 4, 4: 10} {
		wantRelative(t, fmt.Sprintf("M/G/1 wait at cs2 %g", scv), must[float64](t)(MG1MeanWaitSeconds(0.8, 1, scv)), want, 1e-12)
		e := must[WaitEstimate](t)(MGcMeanWait(newQueue(t, 0.8, 1, 1), scv))
		wantRelative(t, fmt.Sprintf("M/G/c wait of one server at cs2 %g", scv), e.MeanWaitSeconds, want, 1e-12)
		if e.LowSeconds != e.HighSeconds {
			t.Errorf("an exact wait has the range %g to %g", e.LowSeconds, e.HighSeconds)
		}
	}
	_, err := MG1MeanWaitSeconds(2, 1, 1)
	wantError(t, "rho 2", err, ErrUnstable)
}

func TestExactMDc(t *testing.T) {
	for servers, want := range map[int]float64{2: .903284, 4: .386095} {
		q := newQueue(t, 0.8*float64(servers), 1, servers)
		exact := must[WaitEstimate](t)(MDcMeanWait(q)).MeanWaitSeconds
		wantNear(t, fmt.Sprintf("M/D/%d wait", servers), exact, want, 5e-7)
		wantRelative(t, "Cosmetatos", must[WaitEstimate](t)(MGcMeanWait(q, 0)).MeanWaitSeconds, exact, .01)
		if low := must[float64](t)(AllenCunneenMeanWaitSeconds(q, 1, 0)); low >= exact {
			t.Errorf("Allen-Cunneen %g is not below the exact %g", low, exact)
		}
	}
	wantRelative(t, "M/D/1 wait", must[WaitEstimate](t)(MDcMeanWait(newQueue(t, 0.8, 1, 1))).MeanWaitSeconds, 2, 1e-12)
	wantNear(t, "idle M/D/3 wait", must[WaitEstimate](t)(MDcMeanWait(newQueue(t, 0, 1, 3))).MeanWaitSeconds, 0, 0)
}

func TestCosmetatosStaysInItsRange(t *testing.T) {
	for _, servers := range []int{2, 3, 4, 8, 16, 32, 64, 128, 200} {
		for _, rho := range []float64{.1, .3, .5, .6, .7, .8, .85, .9} {
			q := newQueue(t, rho*float64(servers), 1, servers)
			exact := must[WaitEstimate](t)(MDcMeanWait(q))
			if exact.Method != "Crommelin" {
				t.Fatalf("M/D/%d at %g used %s", servers, rho, exact.Method)
			}
			e := must[WaitEstimate](t)(MGcMeanWait(q, 0))
			if e.LowSeconds > exact.MeanWaitSeconds || e.HighSeconds < exact.MeanWaitSeconds {
				t.Errorf("M/D/%d at %g: range %g to %g misses the exact %g", servers, rho, e.LowSeconds, e.HighSeconds, exact.MeanWaitSeconds)
			}
		}
	}
}

func TestAllenCunneenStaysInItsRange(t *testing.T) {
	for _, servers := range []int{1, 2, 4, 8, 16} {
		for _, rho := range []float64{.3, .5, .7, .8, .9, .95} {
			q := newQueue(t, rho*float64(servers), 1, servers)
			for _, scv := range []float64{1, 2, 4, 10} {
				exact := exactMH2cMeanWait(t, rho, scv, servers)
				e := must[WaitEstimate](t)(MGcMeanWait(q, scv))
				if e.LowSeconds > exact*(1+1e-9) || e.HighSeconds < exact*(1-1e-9) {
					t.Errorf("M/H2/%d at %g, cs2 %g: range %g to %g misses the exact %g", servers, rho, scv, e.LowSeconds, e.HighSeconds, exact)
				}
			}
		}
	}
	q := newQueue(t, 6.4, 1, 8)
	wantRelative(t, "documented error at cs2 2", must[WaitEstimate](t)(MGcMeanWait(q, 2)).MeanWaitSeconds/exactMH2cMeanWait(t, .8, 2, 8), 1.07, .002)
	wantRelative(t, "documented error at cs2 10", must[WaitEstimate](t)(MGcMeanWait(q, 10)).MeanWaitSeconds/exactMH2cMeanWait(t, .8, 10, 8), 1.264, .002)
}

func TestMGcJoinsAtOne(t *testing.T) {
	q := newQueue(t, 9, 0.2, 4)
	at := func(scv float64) float64 { return must[WaitEstimate](t)(MGcMeanWait(q, scv)).MeanWaitSeconds }
	wantRelative(t, "M/M/c", at(1), q.MeanWaitSeconds(), 0)
	wantRelative(t, "just below", at(1-1e-12), at(1), 1e-9)
	wantRelative(t, "just above", at(1+1e-12), at(1), 1e-9)
}
