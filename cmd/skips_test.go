package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSkips has .ci/skips.go read what go test -json printed of small packages: of skipped tests, of failures of every kind, and
// of a test that hung.
func TestSkips(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "skips")
	if err := build(program, "../.ci/skips.go"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stream       string
		wanted, none []string
	}{
		{"skipped.json", []string{
			"ok  \tshop/a", "ok  \tshop/e",
			"--- SKIP: TestNew (shop/e), which the list of skips does not have\n    e_test.go:3: no Chromium here\n",
			"4 tests run, 2 skipped (needs root: TestNeedsRoot/netns; not in the list: TestNew); slowest: shop/",
		}, []string{"a test that passes", "=== RUN", "PASS"}},
		{"failed.json", []string{
			"# shop/c [shop/c.test]\nc/c_test.go:3:48: too many return values\n", "FAIL\tshop/c [build failed]\n",
			"--- FAIL: TestStock (0.00s)\n", "    b_test.go:4: sold 6 of 5\n", "--- FAIL: TestStock/sku-1",
			"panic: no stock", "\nFAIL\tshop/b\t", "WARNING: DATA RACE, said while another test ran\n",
			"    f_test.go:3: price 1\n", "--- FAIL: FuzzPrice/seed#0",
		}, []string{"a note of a test that passes", "with a second line", "=== RUN", "TestStock/sku-2"}},
		{"hung.json", []string{
			"ok  \tshop/a", "    d_test.go:3: before\n", "panic: test timed out after 1s\n\trunning tests:\n\t\tTestHangs (1s)\n", "FAIL\tshop/d\t",
		}, []string{"=== RUN"}},
		{"cut off", []string{"FAIL\tshop/d\tits tests did not come to their end\n", "    d_test.go:3: before\n"}, []string{"=== RUN"}},
		{"empty", []string{"0 tests run"}, nil},
	} {
		out, code := skips(t, program, c.stream)
		if code != 1 {
			t.Errorf("%s: exit code %d, wanted 1", c.stream, code)
		}
		for _, want := range c.wanted {
			if !strings.Contains(out, want) {
				t.Errorf("%s: wanted %q in:\n%s", c.stream, want, out)
			}
		}
		for _, none := range c.none {
			if strings.Contains(out, none) {
				t.Errorf("%s: wanted no %q in:\n%s", c.stream, none, out)
			}
		}
	}
	if out, code := skips(t, program, "listed"); code != 0 || !strings.HasPrefix(out, "ok  \tshop/a") {
		t.Errorf("exit code %d, wanted 0 for tests that pass and a skip that is in the list:\n%s", code, out)
	}
}

// skips runs the program on a stream, or on a part of one.
func skips(t *testing.T, program, stream string) (out string, code int) {
	t.Helper()
	var text string
	read := func(name string) string {
		all, err := os.ReadFile(filepath.Join("testdata/skips", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	switch stream {
	case "empty":
	case "cut off":
		text, _, _ = strings.Cut(read("hung.json"), `{"Action":"output","Package":"shop/d","Test":"TestHangs","Output":"panic`)
	case "listed":
		for line := range strings.Lines(read("skipped.json")) {
			if !strings.Contains(line, "shop/e") {
				text += line
			}
		}
	default:
		text = read(stream)
	}
	c := exec.Command(program, "testdata/skips/list.txt")
	c.Stdin = strings.NewReader(text)
	printed, err := c.CombinedOutput()
	return string(printed), exitOf(err)
}
