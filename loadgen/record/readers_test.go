package record

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readers are HdrHistogram's reference implementations, and how each is started: with the log as its last argument.
func readers(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if name == "Java" {
		const jar = "/usr/share/java/hdrhistogram.jar"
		java, err := exec.LookPath("java")
		if _, missing := os.Stat(jar); err != nil || missing != nil {
			t.Skip("needs HdrHistogram for Java")
		}
		return exec.Command(java, "-cp", jar, filepath.Join(testdata, "Percentiles.java"))
	}
	modules, err := filepath.Abs("../../.ci/npm/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(modules, "hdr-histogram-js")); err != nil || missing != nil {
		t.Skip("needs hdr-histogram-js")
	}
	command := exec.Command(node, filepath.Join(testdata, "percentiles.js"))
	command.Env = append(os.Environ(), "NODE_PATH="+modules)
	return command
}

// TestReferenceReadersAgree has HdrHistogram for Java and hdr-histogram-js read the log of a run: for every tag they
// count the same values, and percentiles and maxima are the same to three digits.
func TestReferenceReadersAgree(t *testing.T) {
	t.Parallel()
	w, dir := create(t)
	random := rand.New(rand.NewPCG(16, 17))
	for second := -2; second < 20; second++ {
		interval := Interval{Second: second, Histograms: map[Tag]*Histogram{}, Steps: map[string]*Counters{}}
		for i, n := range []int{1, 3, 7, 69, 500} {
			h := NewHistogram()
			for range n {
				value := 5e6 * math.Exp(float64(i)*random.NormFloat64())
				if err := h.RecordValue(min(int64(value), int64(time.Minute))); err != nil {
					t.Fatal(err)
				}
			}
			if second%(i+1) == 0 {
				step := fmt.Sprintf("step%d", i)
				interval.Histograms[Tag{ResponseTime, step, OutcomeOK}], interval.Steps[step] = h, &Counters{Done: uint64(n)}
			}
		}
		write(t, w, interval, interval) // a second may come in several parts
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	run := open(t, dir)
	for _, name := range []string{"Java", "JavaScript"} {
		t.Run(name, func(t *testing.T) {
			command := readers(t, name)
			command.Args = append(command.Args, filepath.Join(dir, latencyFile))
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%v: %v", command, err)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if len(lines) != len(run.Tags()) {
				t.Fatalf("found %d tags, wanted %d:\n%s", len(lines), len(run.Tags()), out)
			}
			for _, line := range lines {
				checkReading(t, run, line)
			}
		})
	}
}

// checkReading holds what a reader says of a tag against the record.
func checkReading(t *testing.T, run *Record, line string) {
	t.Helper()
	var text string
	var count int64
	var got [5]float64
	if _, err := fmt.Sscan(line, &text, &count, &got[0], &got[1], &got[2], &got[3], &got[4]); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	p := run.Packed(Everything, func(tag Tag) bool { return tag.String() == text })
	if count != p.Count() {
		t.Errorf("%s: found %d values, wanted %d", text, count, p.Count())
	}
	for i, want := range []int64{p.Quantile(0.5), p.Quantile(0.9), p.Quantile(0.99), p.Quantile(0.999), p.Max()} {
		if math.Abs(got[i]-float64(want)) > max(float64(LowestValue), float64(want)/1000) {
			t.Errorf("%s: figure %d is %v ns, the record says %d", text, i+1, got[i], want)
		}
	}
}
