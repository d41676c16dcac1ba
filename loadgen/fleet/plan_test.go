package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Rows of a feeder may be passwords: no agent writes the plan's files, wherever they are on the coordinator's machine, nor reads its own.
func TestFilesOfThePlanStayInMemory(t *testing.T) {
	t.Parallel()
	read := strings.Replace(scenario, `from: sequence, size: 10k, fields: {token: "t${n}"}`, "from: csv, file: ../data/users.csv, recycle: true", 1)
	spool := filepath.Join(t.TempDir(), "spool")
	if err := os.Mkdir(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	p := &Plan{Scenario: []byte(read), ScaleRatio: 1, Target: "http://127.0.0.1:1", Slots: 1, Files: map[string][]byte{"../data/users.csv": []byte("name,token\nbob,hunter2\n")}}
	if err := os.Chmod(spool, 0o500); err != nil { // root may write there all the same
		t.Fatal(err)
	}
	began := must(os.Stat(spool)).ModTime()
	if _, err := p.Storm(Local{Dir: spool}, nil); err != nil {
		t.Fatal(err)
	}
	if now := must(os.Stat(spool)).ModTime(); !now.Equal(began) {
		t.Error("something was written while the plan was compiled")
	}
	p.Files = nil
	p.Scenario = []byte(strings.Replace(read, "../data/users.csv", "/etc/passwd", 1))
	if _, err := p.Storm(Local{Dir: spool}, nil); err == nil || !strings.Contains(err.Error(), "found no file") {
		t.Errorf("%v, wanted a file of this machine to be refused", err)
	}
}
