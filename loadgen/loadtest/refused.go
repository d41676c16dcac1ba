package loadtest

import (
	"net"
	"testing"
)

// Refused returns an address of loopback that refuses connections until the test ends or free is called. One end of a
// connection has it so long, so that neither another test nor another process can listen there.
func Refused(t testing.TB) (address string, free func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	free = func() {
		_ = far.Close() // first: the end that closes last leaves no address in TIME_WAIT
		_ = near.Close()
	}
	t.Cleanup(free)
	return near.LocalAddr().String(), free
}
