package strict

import "testing"

func TestLineOfAField(t *testing.T) {
	const text = "name: a\nservices:\n  - {name: web, demand: 1ms}\n  - name: db\n    instance:\n      cores: 4\nestate:\n  zones: 3\n"
	for field, want := range map[string]int{
		"name": 1, "services": 2, "services.web.demand": 3, "services.db.instance.cores": 6, "services.db.wait": 4, "services.nosuch": 3, "estate.zones": 8, "estate": 7, "trials": 1,
	} {
		if got := Line([]byte(text), field); got != want {
			t.Errorf("%s is in line %d, wanted %d", field, got, want)
		}
	}
	if got := Line([]byte("[1, 2"), "name"); got != 0 {
		t.Errorf("line %d of what is not YAML, wanted 0", got)
	}
}
