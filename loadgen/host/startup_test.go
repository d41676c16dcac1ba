package host

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/budget"
)

func TestLimitsThatAreTooLow(t *testing.T) {
	for _, c := range []struct {
		limits processLimits
		says   string // empty where they are enough
	}{
		{processLimits{}, ""},
		{processLimits{addresses: leastAddresses, files: leastFiles, threads: leastThreads + 2}, ""},
		{processLimits{addresses: 1}, "ulimit -v"},
		{processLimits{files: leastFiles - 1}, "ulimit -n"},
		{processLimits{threads: leastThreads + 1}, "ulimit -u"},
	} {
		err := c.limits.check(2)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: found %v, wanted %q", c.limits, err, c.says)
		}
	}
}

// Memory is divided within the limit, and what the user has set holds.
func TestDividesMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := processLimits{group: rapid.Float64Range(0, 1e12).Draw(t, "group"), addresses: rapid.Float64Range(0, 1e12).Draw(t, "addresses")}
		users := rapid.Int64Range(1<<20, 1<<50).Draw(t, "user's")
		if heap, answers := l.memory(users, true); heap != users || answers > heap/4+1 {
			t.Errorf("%d of the user's: heap %d, answers %d", users, heap, answers)
		}
		heap, answers := l.memory(math.MaxInt64, false)
		if l.group >= 4 && float64(heap) > l.group || l.addresses >= 4 && float64(heap) > l.addresses/2 || answers > budget.Default || answers > heap {
			t.Errorf("%+v: heap %d, answers %d", l, heap, answers)
		}
	})
}
