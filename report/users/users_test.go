package users

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/script"
)

func sale() *scenarios.Scenario {
	do := func(steps ...string) (list []script.Action) {
		for _, s := range steps {
			list = append(list, script.Action{Step: s})
		}
		return list
	}
	sc := &scenarios.Scenario{Storm: &scenarios.Storm{Phases: []scenarios.Phase{{Journey: scenarios.Only("watcher")}, {Journey: scenarios.Only("buyer")}, {Journey: scenarios.Only("buyer")}}}}
	for _, name := range []string{"browse", "order", "pay", "unused", "status"} {
		sc.Steps = append(sc.Steps, scenarios.Step{Name: name})
	}
	for _, s := range []script.Script{
		{Name: "buyer", Do: append(do("order", "pay"), script.Action{Repeat: &script.Repeat{Do: do("status")}})},
		{Name: "idle", Do: do("unused")}, {Name: "watcher", Do: do("browse")},
	} {
		sc.Journeys = append(sc.Journeys, s)
	}
	return sc
}

// Whatever a record says, each user is in one place, every way to leave is told once, and the seconds of a run add up to it.
func TestEveryUserIsInOnePlace(t *testing.T) {
	names := []string{"buyer", "watcher", "of another scenario"}
	rapid.Check(t, func(t *rapid.T) {
		rec, total := record.New(record.Manifest{}), map[string]uint64{}
		count := func(what string) uint64 { return uint64(rapid.IntRange(0, 5).Draw(t, what)) }
		for second := range rapid.IntRange(0, 4).Draw(t, "seconds") {
			g := record.Generator{Journeys: map[string]record.Journey{}}
			for _, name := range names[:rapid.IntRange(0, 3).Draw(t, "journeys")] {
				j := record.Journey{Users: 2 * count("users"), Finished: count("finished"), Ended: map[string]uint64{"sold_out": count("ended")},
					Left: map[record.Left]uint64{{Step: "pay", Variable: "token", After: "ok"}: count("left"), {Step: "pay", Variable: "token"}: count("never")}}
				g.Journeys[name] = j
				total[name] += j.Users
			}
			rec.Add(record.Interval{Second: second, Generator: &g})
		}
		list := Of(rec, record.Everything, sale())
		var listed []string
		for _, j := range list {
			listed = append(listed, j.Name)
			sum := j.Finished + j.Ended["sold_out"] + j.AllLeft() + j.Cut
			if sum != j.Users || j.Users < total[j.Name] || j.Cut > 0 && j.Users != total[j.Name] {
				t.Fatalf("%+v: %d users are accounted for, and %d came", j, sum, total[j.Name])
			}
			for i, l := range j.Left {
				if l.Users == 0 || i > 0 && j.Left[i-1].Users < l.Users {
					t.Fatalf("%+v, wanted who left, most first", j.Left)
				}
			}
		}
		if len(list) > 0 && !slices.Equal(listed, names[:len(listed)]) || len(list) == 1 {
			t.Fatalf("found %q, wanted the storm's journeys in the scenario's order, then others", listed)
		}
	})
}

func TestStepsAreThoseThatAreSent(t *testing.T) {
	sc := sale()
	if got := Steps(sc); !slices.Equal(got, []string{"browse", "order", "pay", "status"}) {
		t.Errorf("found %q, wanted those of the journeys that the storm brings users for", got)
	}
	sc.Storm = nil
	if got := Steps(sc); len(got) != 5 {
		t.Errorf("without a storm found %q, wanted all", got)
	}
}

func TestWhoLeftIsSaidInWords(t *testing.T) {
	if got := (Left{"pay", "token", "ok", 1312}).String(); got != "1,312 left before pay because token was missing, after ok" {
		t.Errorf("found %q", got)
	}
	if got := (Left{"pay", "qty:number", "", 2}).String(); got != "2 left before pay because qty was no number" {
		t.Errorf("found %q", got)
	}
	if got := (Left{"pay", "cart:json", "", 2}).String(); got != "2 left before pay because cart was no JSON" {
		t.Errorf("found %q", got)
	}
	if got := (Left{Step: "pay", Variable: "token", Users: 1}).String(); got != "1 left before pay because token was missing" {
		t.Errorf("found %q", got)
	}
}
