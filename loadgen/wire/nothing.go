package wire

// errNothing is a look at a connection that had nothing to read. crypto/tls takes a
// temporary net.Error for no reason to give the connection up.
var errNothing = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "nothing to read" }
func (nothing) Timeout() bool   { return false }
func (nothing) Temporary() bool { return true }
