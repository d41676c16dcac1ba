package fleet

import (
	"os"
	"testing"

	"fsctl/loadgen/loadtest"
)

// Storms of half a second take several seconds, of which agents wait most.
func TestMain(m *testing.M) {
	loadtest.Waiting(2)
	os.Exit(m.Run())
}
