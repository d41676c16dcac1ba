package pace

import "testing"

func TestPacingByCores(t *testing.T) {
	if p := PacingFor(false, 64, 128); p != (Pacing{}) {
		t.Errorf("%+v for a clock of a test, wanted nothing that takes real time", p)
	}
	if few := PacingFor(true, 2, 2); few.Spin != 0 || few.Nap == 0 || few.Attend != 0 {
		t.Errorf("%+v on two cores, wanted naps and no spinning", few)
	}
	if many := PacingFor(true, 8, 8); many.Spin == 0 || many.Nap != 0 || many.Attend != 0 {
		t.Errorf("%+v on eight cores, wanted spinning and no naps", many)
	}
	if part := PacingFor(true, 2, 4); part.Attend == 0 {
		t.Errorf("%+v on two of four cores, wanted it to stay awake for answers", part)
	}
}
