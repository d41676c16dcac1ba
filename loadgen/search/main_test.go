package search

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain also fails where a goroutine is left over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
