package cmd_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestOutputsOnDisks is of disks that nothing can be written to: the storm does not begin.
func TestOutputsOnDisks(t *testing.T) {
	t.Parallel()
	readOnly := smallDisk(t, "size=64k", syscall.MS_RDONLY)
	full := smallDisk(t, "size=64k,nr_inodes=2", 0)
	fillDisk(t, full)
	for name, c := range map[string]struct {
		flags []string
		want  string
	}{
		"a report on a read-only disk":     {[]string{"--junit", readOnly + "/junit.xml"}, "--junit " + readOnly + "/junit.xml: found that it cannot be written"},
		"a run on a read-only disk":        {[]string{"--run", readOnly + "/runs/run"}, "run directory " + readOnly + "/runs/run: found that nothing can be made in " + readOnly},
		"a run on a disk without room":     {[]string{"--run", full + "/run"}, "no space left on device"},
		"a report on a disk without files": {[]string{"--json", full + "/report.json"}, "no space left on device"},
	} {
		l := newLooked(t)
		if said := l.attack(115, append(c.flags, "--set", "ledger.baseline=none")...); !strings.Contains(said, c.want) || !strings.Contains(said, "fsctl: hint: ") {
			t.Errorf("%s: wanted %q in:\n%s", name, c.want, said)
		}
		l.sentNothing()
	}
}

// TestReportThroughAPipe: a pipe whose reader comes when the storm is over gets the report, and the look before it does not
// end what the reader reads.
func TestReportThroughAPipe(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	l := newLooked(t)
	if err := syscall.Mkfifo(l.path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(l.path("pipe"))
		if err != nil {
			text = []byte(err.Error())
		}
		found <- string(text)
	}()
	said := l.attack(0, "--markdown", "pipe", "--json", "/dev/null", "--junit", "/dev/stderr", "--no-verdict", "--set", "ledger.baseline=none")
	if text := <-found; !strings.HasPrefix(text, "## ") || !strings.Contains(said, "<testsuites>") {
		t.Errorf("the pipe's reader found %q, and the attack says:\n%s", text, said)
	}
}
