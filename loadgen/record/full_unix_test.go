//go:build unix

package record

import "testing"

// A limit on the size of files stops a writer halfway through a line, as a full disk does, and needs no
// privilege. The limit is 64 blocks, of 512 or 1024 bytes.
func TestFileSizeLimit(t *testing.T) {
	out, err := runChild(fillTheDisk, t.TempDir(), "sh", "-c", `ulimit -f 64 && exec "$0"`).Output()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
