package cmd

import (
	"strings"
	"testing"
)

// What failed is shown whole at any width that has room for it: a number that is cut would be another one.
func TestProgressKeepsWhatFailed(t *testing.T) {
	parts := []string{"T+86400s  due 1.23M/s", "sent 1.23M/s", "answered 1.23M/s", "failed 123,456,789", "late 9,999", "waiting users 12,345"}
	for width := len(parts[3]); width < 140; width++ {
		if line := fitting(parts, width); !strings.Contains(line, parts[3]) || len(line) > width {
			t.Errorf("at %d columns found %q", width, line)
		}
	}
}
