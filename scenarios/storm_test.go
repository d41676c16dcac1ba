package scenarios

import (
	"math"
	"reflect"
	"testing"
	"time"

	"fsctl/scenarios/amount"

	"pgregory.net/rapid"
)

func TestPhaseCurves(t *testing.T) {
	s := mustParse(t, exampleText(t))
	sum := s.Storm.Curve()
	from, to := sum.Span()
	if from != -30*time.Second || to < 30*time.Second || len(sum) != 4 {
		t.Errorf("the example's curve has %d parts from %v to %v", len(sum), from, to)
	}
	if want := 200*60 + 1100*10 + 20_000 + 500.0; math.Abs(sum.Area(to)-want) > 1e-6 {
		t.Errorf("the example brings %v users, wanted %v", sum.Area(to), want)
	}
	if got := sum.Rate(-5 * time.Second); math.Abs(got-(200+1100)) > 1e-9 {
		t.Errorf("rate at T0-5s = %v", got)
	}
}

// The example's storm, pinned: every process of every version must make the same one of a seed.
func TestStormOfSeedOneStaysTheSame(t *testing.T) {
	s := mustParse(t, exampleText(t)).Storm.Schedule(1, 0)
	var hash uint64
	c := s.Walk()
	for a, ok := c.Next(); ok; a, ok = c.Next() {
		hash = splitMix64(hash ^ a.Index ^ uint64(a.Phase)<<60 ^ uint64(a.Due.Round(time.Microsecond)))
	}
	const length, want = 43564, 0x379b1ac5a616d849
	if s.Len() != length || hash != want {
		t.Errorf("seed 1 makes %d arrivals with hash %#x, wanted %d with %#x", s.Len(), hash, length, uint64(want))
	}
}

func TestScaled(t *testing.T) {
	s := mustParse(t, exampleText(t))
	half := s.Scaled(0.5)
	p := half.Storm.Phases
	if half.Sale.Stock != 500 || p[0].Rate != (amount.Ramp{From: 100, To: 100}) || p[1].Rate != (amount.Ramp{From: 100, To: 1000}) || p[2].Users != 10e3 || p[3].Users != 250 {
		t.Errorf("half: stock %d, phases %+v", half.Sale.Stock, p)
	}
	if half.Workload.Users != s.Workload.Users || half.Name != s.Name || !reflect.DeepEqual(half.Services, s.Services) {
		t.Error("what plan reads was scaled")
	}
	if one := s.Scaled(1); !reflect.DeepEqual(one, s) {
		t.Error("a scale of 1 changes something")
	}
	if bare := (&Scenario{}).Scaled(0.1); bare.Sale != nil || bare.Storm != nil {
		t.Errorf("a scenario without sale and storm becomes %+v", bare)
	}
}

func TestScaledKeepsTheOriginalAndNeverEmpties(t *testing.T) {
	text := exampleText(t)
	untouched, s := mustParse(t, text), mustParse(t, text)
	rapid.Check(t, func(rt *rapid.T) {
		ratio := rapid.Float64Range(1e-12, 10).Draw(rt, "ratio")
		c := s.Scaled(ratio)
		if !reflect.DeepEqual(s, untouched) {
			rt.Fatalf("scaling by %v changed the original", ratio)
		}
		if c.Sale.Stock < 1 {
			rt.Errorf("scaled by %v, the stock is %d", ratio, c.Sale.Stock)
		}
		for i, p := range c.Storm.Phases {
			before := s.Storm.Phases[i]
			if p.At == nil {
				if p.Users != 0 || p.Rate.From != before.Rate.From*amount.Rate(ratio) || p.Rate.To != before.Rate.To*amount.Rate(ratio) {
					rt.Errorf("scaled by %v, phase %d is %+v", ratio, i, p)
				}
				continue
			}
			if p.Users < 1 || p.Users != amount.Count(int(p.Users)) || p.Users > before.Users*amount.Count(ratio)+1 {
				rt.Errorf("scaled by %v, %v users become %v", ratio, before.Users, p.Users)
			}
		}
	})
}

// splitMix64 makes a hash of what is added to it one after another.
func splitMix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
