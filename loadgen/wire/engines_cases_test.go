package wire

import (
	"fmt"
	"net"
	"net/url"
	"testing"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// differences are the answers on which the engines do not agree, and why not. Each is documented in docs/http.md.
var differences = map[string]string{
	"trailer with bare LF":        "wire: lines within a chunked body end in CR LF",
	"chunk size huge":             "wire: a body over the limit is refused when it is announced",
	"largest length":              "wire: a body over the limit is refused when it is announced",
	"equal lengths, other digits": "net/http compares texts",
	"100 for ever":                "wire: a few informational answers are enough",
	"2.0":                         "net/http takes any version",
	"0.9":                         "net/http takes any version",
	"space before colon":          "net/http takes the space for a part of the name",
	"space in name":               "net/http takes a space in a name",
	"head cut":                    "net/http judges the half of a line",
	"status line cut":             "net/http judges the half of a line",
	"trailer cut":                 "net/http judges the half of a line",
}

// Every answer is the same to a storm whichever engine read it, but for the differences.
func TestEnginesReadTheSame(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			saw := map[string]string{}
			for name, engine := range engines {
				saw[name] = read(t, engine, answering(c.answer, true), func(r *transport.Request) {
					if c.head {
						r.Method = "HEAD"
					}
				})
			}
			agree := saw[byWire] == saw[byNetHTTP]
			switch why, known := differences[c.name]; {
			case !agree && !known:
				t.Errorf("wire:     %s\nnet/http: %s", saw[byWire], saw[byNetHTTP])
			case agree && known:
				t.Errorf("no difference any more, but there was one: %s", why)
			}
		})
	}
}

// read asks a server by an engine and returns all that a step could see of the answer.
func read(t *testing.T, engine func(*url.URL) transport.Engine, handle func(int, *net.TCPConn), change func(*transport.Request)) string {
	t.Helper()
	a := askBy(engine(loadtest.Must(url.Parse("http://"+serve(t, handle)))), patience, func(r *transport.Request) {
		r.WantHeader = []string{"Location", "Set-Cookie", "X-A", "X-B"}
		change(r)
	})
	return fmt.Sprintf("status %d, class %q, header %.300q, passed %q, packed %q, %d bytes of body %.60q, %d bytes in", a.Status, a.Class, a.Header, a.Passed, a.Packed, len(a.Body), a.Body, a.BytesIn)
}
