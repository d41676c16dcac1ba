package main

import "testing"

func TestSummarise(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   summary
	}{
		{[]float64{7}, summary{1, 7, 7, 7}},
		{[]float64{9, 1, 4}, summary{3, 4, 1, 9}},
		{[]float64{9, 1, 4, 5}, summary{4, 4.5, 1, 9}},
	} {
		if got := summarise(test.values); got != test.want {
			t.Errorf("%v: found %+v, wanted %+v", test.values, got, test.want)
		}
	}
	if got := summarise(nil); got.count != 0 || got.median == got.median {
		t.Errorf("nothing: found %+v, wanted no number", got)
	}
}
