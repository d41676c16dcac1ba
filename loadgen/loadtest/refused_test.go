package loadtest

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// Nothing can listen where connections must be refused, until the address is free again.
func TestRefused(t *testing.T) {
	t.Parallel()
	address, free := Refused(t)
	if l, err := net.Listen("tcp", address); err == nil {
		l.Close()
		t.Error("the address can be listened on")
	}
	if c, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling it: %v, %v, wanted to be refused", c, err)
	}
	for attempt := 1; ; attempt++ {
		free()
		l, err := net.Listen("tcp", address)
		if err == nil {
			l.Close()
			break
		}
		if attempt == 3 { // others may have been quicker, but not every time
			t.Fatalf("it is not free: %v", err)
		}
		address, free = Refused(t)
	}
}
