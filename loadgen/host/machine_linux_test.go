package host

import "testing"

func TestCoresOfTheProcessOnly(t *testing.T) {
	const stat = "cpu  1000 0 0 0 0 0 0 0 0 0\n" +
		"cpu0 100 1 20 400 8 3 4 50 90 9\n" +
		"cpu1 200 0 0 300 0 0 0 0 0 0\n" +
		"cpu10 7 0 0 9 0 0 0 1 0 0\n" +
		"intr 12345\n"
	for _, c := range []struct {
		status string
		want   coreTimes // in ticks
	}{
		{"Name:\tx\nCpus_allowed_list:\t0\nMems_allowed_list:\t0\n", coreTimes{busy: 128, stolen: 50, idle: 408}},
		{"Name:\tx\nCpus_allowed_list:\t0-1\n", coreTimes{busy: 328, stolen: 50, idle: 708}},
		{"Name:\tx\nCpus_allowed_list:\t1,4-5,10\n", coreTimes{busy: 207, stolen: 1, idle: 309}},
		{"Name:\tx\nCpus_allowed_list:\tx-y\n", coreTimes{}},
		{"", coreTimes{}},
	} {
		want := coreTimes{busy: c.want.busy * tick, stolen: c.want.stolen * tick, idle: c.want.idle * tick}
		if got := parseCoreTimes([]byte(stat), allowedCores([]byte(c.status))); got != want {
			t.Errorf("%q: found %+v, wanted %+v", c.status, got, want)
		}
	}
	for _, odd := range []string{"", "cpu0", "cpu0 x y z\n", "intr 1\ncpu0 1 1 1 1\n"} {
		if got := parseCoreTimes([]byte(odd), map[string]bool{"cpu0": true}); got.idle != 0 || got.busy < 0 {
			t.Errorf("%q: found %+v", odd, got)
		}
	}
}
