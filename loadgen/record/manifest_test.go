package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLatest(t *testing.T) {
	root := t.TempDir()
	for name, want := range map[string]string{"none": filepath.Join(root, "none"), "empty": root} {
		if _, err := Latest(want); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "fsctl attack") {
			t.Errorf("%s: %v, wanted the place and what to do", name, err)
		}
	}
	for name, start := range map[string]time.Time{"c": testT0(), "a": testT0().Add(2 * time.Hour), "b": testT0().Add(time.Hour)} {
		m := testManifest()
		m.Start, m.T0 = start, start
		w, err := Create(filepath.Join(root, name), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(End{Reason: Completed}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "z-no-run"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "z-no-run", manifestFile), []byte("{"))
	writeFile(t, filepath.Join(root, "z-file"), nil)
	if dir, err := Latest(root); err != nil || dir != filepath.Join(root, "a") {
		t.Errorf("latest is %s (%v), wanted a", dir, err)
	}
}
