package record

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The test binary runs itself to have a writer that can be killed or limited.
const (
	childMode    = "RECORD_TEST_CHILD"
	childDir     = "RECORD_TEST_DIR"
	writeForever = "write-forever"
	fillTheDisk  = "fill-the-disk"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case writeForever:
		child(writeUntilKilled(os.Getenv(childDir)))
	case fillTheDisk:
		child(fillDisk(os.Getenv(childDir)))
	default:
		os.Exit(m.Run())
	}
}

func child(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(mode, dir string, command ...string) *exec.Cmd {
	command = append(command, os.Args[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childMode+"="+mode, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeUntilKilled prints each second once Write has returned from it.
func writeUntilKilled(dir string) error {
	w, err := Create(dir, testManifest(), []byte("name: live-drop\n"))
	if err != nil {
		return err
	}
	for second := 0; ; second++ {
		if err := errors.Join(w.Told(Order{ID: strconv.Itoa(second)}), w.Write(testInterval(second))); err != nil {
			return err
		}
		fmt.Println(second)
	}
}

func TestKilledWriterLosesNothingThatWasWritten(t *testing.T) {
	for _, seconds := range []int{1, 7, 20} {
		dir := filepath.Join(t.TempDir(), "run")
		cmd := runChild(writeForever, dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last := -1
		for lines := bufio.NewScanner(out); last+1 < seconds && lines.Scan(); {
			if last, err = strconv.Atoi(lines.Text()); err != nil {
				t.Error(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the writer ended by itself")
		}
		r := open(t, dir)
		checkRecord(t, r)
		if r.Manifest.End != nil {
			t.Error("a killed run has an end")
		}
		if len(r.Ledger.Told) < last+1 {
			t.Errorf("%d orders told, wanted at least %d", len(r.Ledger.Told), last+1)
		}
		for second := range last + 1 {
			window := Window{second, second + 1}
			want := live(testInterval(second))
			if !r.Packed(window, nil).Equal(want.Packed(Everything, nil)) || r.Counters(window, "").Due != want.Counters(Everything, "").Due {
				t.Errorf("second %d of %d that were written is not whole", second, last+1)
			}
		}
	}
}

// Runs of before there were seals are read as far as they go.
func TestEveryTruncationOfAnOldRunIsReadable(t *testing.T) {
	w, dir := create(t)
	for second := range 4 {
		interval := testInterval(second)
		if err := errors.Join(w.Told(Order{ID: strconv.Itoa(second)}), w.Sold(Order{ID: strconv.Itoa(second)}), w.Write(interval)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Stock(map[string]int{"s": 4}), w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	makeOld(t, dir)
	whole := open(t, dir)
	if !whole.Unverified {
		t.Error("a run without a seal is not marked")
	}
	for _, name := range []string{latencyFile, countersFile, ledgerFile, scenarioFile} {
		path := filepath.Join(dir, name)
		data := readFile(t, path)
		for _, length := range cuts(data) {
			if err := os.Truncate(path, int64(length)); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err != nil {
				t.Fatalf("%s cut to %d of %d bytes: %v", name, length, len(data), err)
			}
			checkRecord(t, r)
			if r.Count(Everything, nil) > whole.Count(Everything, nil) || len(r.Ledger.Told) > 4 {
				t.Fatalf("%s cut to %d bytes has more than the whole", name, length)
			}
			ends := length == 0 || data[length-1] == '\n' || length < len(data) && data[length] == '\n'
			if name != scenarioFile && name != latencyFile && (r.Torn == 0) != ends {
				t.Fatalf("%s cut to %d bytes, %q: torn is %d", name, length, data[max(0, length-20):length], r.Torn)
			}
			writeFile(t, path, data)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		checkRecord(t, open(t, dir))
		writeFile(t, path, data)
	}
	if diff := differ(open(t, dir), whole); diff != "" {
		t.Errorf("the restored record differs in %s", diff)
	}
}

// cuts are the lengths to try: all around the ends of lines, and every few bytes between.
func cuts(data []byte) []int {
	var lengths []int
	for length := range data {
		if length%97 == 0 || data[length] == '\n' || length > 0 && data[length-1] == '\n' {
			lengths = append(lengths, length)
		}
	}
	return lengths
}

func TestTruncatedManifestIsAClearError(t *testing.T) {
	w, dir := create(t)
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, manifestFile)
	data := readFile(t, path)
	for length := range len(data) - 1 {
		writeFile(t, path, data[:length])
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), manifestFile) {
			t.Fatalf("run.json cut to %d bytes: %v, wanted an error that names it", length, err)
		}
	}
}

func TestWhatIsNoRunIsSaid(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "not a run directory") {
		t.Errorf("empty directory: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	file := filepath.Join(dir, "file")
	writeFile(t, file, nil)
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "it is a file") {
		t.Errorf("file: %v", err)
	}
}

func TestCorruptionBeforeTheEndNamesFileAndLine(t *testing.T) {
	w, dir := create(t)
	write(t, w, testInterval(0), testInterval(1))
	sample := Sample{Step: "order", Reason: "status 404", AtSeconds: 1}
	if err := errors.Join(w.Told(Order{ID: "1"}), w.Told(Order{ID: "2"}), w.Sample(sample), w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		file, old, new, want string
	}{
		{latencyFile, "Tag=lat", "", ""}, // not there: no corruption, no error
		{latencyFile, "Tag=response_time.order.ok,3.000", "Tag=response_time.ok,3.000", "latency.hlog:7: "},
		{latencyFile, "Tag=response_time.order.ok,3.000", "Tag=response_time.order.ok,3.300", "latency.hlog:7: "},
		{latencyFile, "Tag=response_time.order.ok,3.000", "Tag=response_time.order.ok,NaN", "latency.hlog:7: "},
		{latencyFile, "Tag=response_time.order.ok,3.000,1.000", "Tag=response_time.order.ok,3.000,2.000", "latency.hlog:7: "},
		{latencyFile, "HISTFAAA", "HISTFAAB", "latency.hlog:6: "},
		{latencyFile, "#[BaseTime", "#[Basetime", "latency.hlog:6: "},
		{countersFile, `"due":100`, `"due":-1`, "counters.jsonl:1: "},
		{countersFile, `"step":"order",`, ``, "counters.jsonl:2: "},
		{countersFile, `"second":0,`, ``, "counters.jsonl:1: "},
		{ledgerFile, `"told"`, `"maybe"`, "ledger.jsonl:1: "},
		{ledgerFile, "\n", "\n\n", "ledger.jsonl:2: "},
		{samplesFile, `"status 404"`, `""`, "samples.jsonl:1: "},
		{samplesFile, `"order"`, `"or der"`, "samples.jsonl:1: "},
		{samplesFile, `"at_seconds":`, `"at_seconds":9e9`, "samples.jsonl:1: "},
	} {
		path := filepath.Join(dir, test.file)
		data := readFile(t, path)
		writeFile(t, path, []byte(strings.Replace(string(data), test.old, test.new, 1)))
		_, err := Open(dir)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("nothing was changed: %v", err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%q for %q: %v, wanted %s", test.new, test.old, err, test.want)
		}
		writeFile(t, path, data)
	}
}
