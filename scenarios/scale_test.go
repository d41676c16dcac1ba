package scenarios

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestScaled(t *testing.T) {
	s := mustParse(t, exampleText(t))
	half := s.Scaled(0.5)
	p := half.Storm.Phases
	if half.Sale.Stock != 500 || p[0].Rate != (Ramp{100, 100}) || p[1].Rate != (Ramp{100, 1000}) || p[2].Users != 10e3 || p[3].Users != 250 {
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
				if p.Users != 0 || p.Rate.From != before.Rate.From*Rate(ratio) || p.Rate.To != before.Rate.To*Rate(ratio) {
					rt.Errorf("scaled by %v, phase %d is %+v", ratio, i, p)
				}
				continue
			}
			if p.Users < 1 || p.Users != Count(int(p.Users)) || p.Users > before.Users*Count(ratio)+1 {
				rt.Errorf("scaled by %v, %v users become %v", ratio, before.Users, p.Users)
			}
		}
	})
}
