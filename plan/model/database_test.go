package model

import "testing"

// ErlangC(11, 8.4) > .2 >= ErlangC(12, 8.4), and ErlangC(17, 13.3) > .2 >= ErlangC(18, 13.3).
func TestConnections(t *testing.T) {
	primary, replica := connections(420*0.02, 0.2), connections(7980.0/12*0.02, 0.2)
	if primary != 12 || replica != 18 {
		t.Errorf("pools of %g and %g, want 12 and 18", primary, replica)
	}
}
