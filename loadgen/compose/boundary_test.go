package compose

import "testing"

func TestBoundaryIsInNoPart(t *testing.T) {
	c := &Compiler{seed: 1}
	first := c.boundary("a", nil)
	for _, parts := range [][]bodyPart{
		{{file: []byte("x" + first)}},
		{{text: text{[]piece{literal("--" + first)}}}},
	} {
		if found := c.boundary("a", parts); found == first || holds(parts, []byte(found)) {
			t.Errorf("found %s in %v", found, parts)
		}
	}
}
