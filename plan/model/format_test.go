package model

import (
	"testing"
)

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 1: "1", 12000: "12000", 2777.7777: "2777.78", 1234567.8: "1234568", 0.05: "0.05", 1e20: "1e+20", 99.5: "99.5", 1e-9: "1e-09"} {
		if got := Number(x); got != want {
			t.Errorf("Number(%g) = %s, want %s", x, got, want)
		}
	}
}
