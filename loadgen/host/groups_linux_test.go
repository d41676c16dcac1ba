package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// groupTree is a tree of control groups of both versions, as a container may see them.
func groupTree(t *testing.T) (top, mounts string) {
	t.Helper()
	top = t.TempDir()
	for path, text := range map[string]string{
		"two/pod/box/cpu.stat":           "usage_usec 5\nnr_throttled 2\nthrottled_usec 1500\n",
		"two/pod/box/cpu.max":            "max 100000\n",
		"two/pod/box/memory.max":         "max\n",
		"two/pod/cpu.stat":               "throttled_usec 500\n",
		"two/pod/cpu.max":                "150000 100000\n",
		"two/pod/memory.max":             "1048576\n",
		"two/cpu.stat":                   "usage_usec 9\n",
		"one/box/cpu.stat":               "nr_periods 9\nnr_throttled 3\nthrottled_time 7000000\n",
		"one/box/cpu.cfs_quota_us":       "50000\n",
		"one/box/cpu.cfs_period_us":      "100000\n",
		"one/cpu.cfs_quota_us":           "-1\n",
		"one/cpu.cfs_period_us":          "100000\n",
		"memory/memory.limit_in_bytes":   "9223372036854771712\n",
		"memory/x/memory.limit_in_bytes": "2097152\n",
	} {
		name := filepath.Join(top, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mounts = "30 1 0:26 / " + top + "/two rw,nosuid shared:4 - cgroup2 cgroup2 rw\n" +
		"31 1 0:27 / " + top + "/memory rw - cgroup cgroup rw,memory\n" +
		"32 1 0:28 /docker/abc " + top + "/one rw - cgroup cgroup rw,cpuacct,cpu\n"
	return top, mounts
}

func TestLimitsOfControlGroups(t *testing.T) {
	top, mounts := groupTree(t)
	for _, c := range []struct {
		name, group string
		directories string
		throttled   time.Duration
		cores       float64
	}{
		{"version 2", "0::/pod/box\n", "two/pod/box two/pod two", 2 * time.Millisecond, 1.5},
		{"version 2, in the top group", "0::/\n", "two", 0, 0},
		{"version 1, below what is mounted", "4:memory:/x\n3:cpu,cpuacct:/docker/abc/box\n", "one/box one", 7 * time.Millisecond, 0.5},
		{"version 1, outside of what is mounted", "3:cpu,cpuacct:/docker/other\n", "one", 0, 0},
		{"both versions", "0::/pod\n3:cpuacct,cpu:/docker/abc/box\n", "two/pod two one/box one", 7500 * time.Microsecond, 0.5},
		{"none", "nonsense\n\n", "", 0, 0},
	} {
		var want []string
		for _, d := range strings.Fields(c.directories) {
			want = append(want, filepath.Join(top, d))
		}
		groups := groupsIn("cpu", []byte(c.group), []byte(mounts))
		if !slices.Equal(groups, want) {
			t.Errorf("%s: found %q, wanted %q", c.name, groups, want)
		}
		m := &machine{groups: groups}
		if got := m.throttled(); got != c.throttled {
			t.Errorf("%s: throttled for %v, wanted %v", c.name, got, c.throttled)
		}
		if got := coreQuota(groups); got != c.cores {
			t.Errorf("%s: %g cores, wanted %g", c.name, got, c.cores)
		}
	}
	for group, want := range map[string]float64{"0::/pod/box\n": 1 << 20, "4:memory:/x\n": 2 << 20, "0::/\n": 0} {
		if got := memoryLimit(groupsIn("memory", []byte(group), []byte(mounts))); got != want {
			t.Errorf("%q: %g bytes, wanted %g", group, got, want)
		}
	}
}

func TestCountPorts(t *testing.T) {
	for _, c := range []struct {
		ports, reserved string
		want            int
	}{
		{"32768\t60999\n", "\n", 28232},
		{"1000 1999\n", "", 1000},
		{"1000 1999\n", "1000,1999,5000\n", 998},
		{"1000 1999\n", "900-1099,1990-3000\n", 890},
		{"1000 1999\n", "1-65535\n", 0},
		{"1000 1999\n", "x,7-y", 1000},
		{"1000\n", "", 1},
		{"x 10\n", "", 0},
		{"", "", 0},
	} {
		if got := countPorts(c.ports, c.reserved); got != c.want {
			t.Errorf("%q without %q: %d ports, wanted %d", c.ports, c.reserved, got, c.want)
		}
	}
	if got := ephemeralPorts(); got <= 0 || got > 65535 {
		t.Errorf("this machine has %d ports", got)
	}
}

func TestMemoryAvailable(t *testing.T) {
	for text, want := range map[string]float64{
		"MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable:   24040440 kB\nBuffers: 3 kB\n": 24040440 * 1024,
		"MemTotal: 100 kB\n": 0,
		"MemAvailable:":      0,
		"":                   0,
	} {
		if got := memoryAvailable([]byte(text)); got != want {
			t.Errorf("%q: %g bytes, wanted %g", text, got, want)
		}
	}
	if freeMemory() <= 0 {
		t.Error("this machine has no memory")
	}
}
