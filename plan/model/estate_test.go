package model

import (
	"testing"

	"pgregory.net/rapid"
)

// Elastic Container Instance: 100 pods at once and 20 a second. 100 000 cores in pods of 4 take 20.75 min.
func TestProviderBucket(t *testing.T) {
	const eci = "estate={pools: [{name: eci, cores: 200k, provision: {cores: 80, within: 1s, burst: 400}, billing: burst, price: 0.1}]}"
	m, err := New(flags(t, eci), 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pods", m.Estate.Pools[0].ProvisionSeconds(100_000), 1245, 1e-12)
	near(t, "inside the burst", m.Estate.Pools[0].ProvisionSeconds(400), 0, 0)
	near(t, "lead", m.Estate.LeadSeconds(&m.Estate.Pools[0], 100_000), 1245+300, 1e-12)
	cost, known := m.Estate.Cost(&m.Estate.Pools[0], 3600)
	near(t, "cost", cost, 3600*0.1*(40+300+3600)/3600, 1e-12)
	unused, knownUnused := m.Estate.Cost(&m.Estate.Pools[0], 0)
	near(t, "unused", unused, 0, 0)
	if !known || !knownUnused {
		t.Errorf("cost known: %v, and of nothing: %v, want both", known, knownUnused)
	}
}

// Whatever the pools, every core is somewhere: in one of them or short.
func TestFillLosesNoCore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := &Estate{}
		for range rapid.IntRange(1, 5).Draw(t, "pools") {
			e.Pools = append(e.Pools, Pool{Cores: float64(rapid.IntRange(0, 100).Draw(t, "cores")), Home: rapid.Bool().Draw(t, "home")})
		}
		pinned, mobile := float64(rapid.IntRange(0, 200).Draw(t, "pinned")), float64(rapid.IntRange(0, 200).Draw(t, "mobile"))
		var sum, short float64
		for i, p := range e.Pools {
			var used float64
			used, short = e.Fill(pinned, mobile, i)
			if more, _ := e.Fill(pinned, mobile+1, i); more < used {
				t.Fatalf("pool %d: %g cores, %g for one more", i, used, more)
			}
			if used < 0 || used > p.Cores {
				t.Fatalf("pool %d: %g of %g cores", i, used, p.Cores)
			}
			sum += used
		}
		if sum+short != pinned+mobile {
			t.Fatalf("%g used and %g short of %g", sum, short, pinned+mobile)
		}
	})
}
