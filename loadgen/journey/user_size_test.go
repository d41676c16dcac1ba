package journey

import (
	"testing"
	"unsafe"
)

// TestUserIsSmall holds what each of a million waiting users takes: memory comes in pieces of 96 and then of 112 bytes.
func TestUserIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(User{}); size > 96 {
		t.Errorf("a user takes %d bytes, wanted at most 96", size)
	}
}
