package journey

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// What is taken out of an answer is kept by its user: it has a bound, whatever it is read by.
func TestValuesHaveABound(t *testing.T) {
	for _, c := range []struct {
		from    string
		before  string
		piece   string
		after   string
		pieces  int
		is      bool
		explain string
	}{
		{"json:$.a", `{"a":"`, "x", `"}`, MostValue, true, ""},
		{"json:$.a", `{"a":"`, "x", `"}`, MostValue + 1, false, "a value of 1.05 MB"},
		{"json:$.a", `{"a":"`, `\u0061`, `"}`, MostValue / 2, true, ""},
		{"json:$.a", `{"a":"`, `\u0061`, `"}`, 2 * MostValue, false, "no $.a"},
		{"json:$..a", `{"a":"`, "x", `"}`, MostValue, true, ""},
		{"json:$..a", `{"a":"`, "x", `"}`, MostValue + 1, false, "a value of 1.05 MB"},
		{"json:$..a", `{"a":["b",`, `0,`, `0]}`, 2 * MostValue, false, "a path to many values reads up to"},
		{"json:$.b", `{"a":["b",`, `0,`, `0],"b":1}`, 4 * MostValue, true, ""},
		{"json:$.a", `{"a":`, `[`, ``, MostValue, false, "a body that is not JSON"},
		{"regex:a(x+)", `a`, "x", ``, MostValue, true, ""},
		{"regex:a(x+)", `a`, "x", ``, MostValue + 1, false, "a value of 1.05 MB"},
		{"regex:a(y+)", `a`, "x", ``, 50 * MostValue, false, "no match"},
	} {
		parsed, err := scenarios.ParseExtract(c.from)
		if err != nil {
			t.Fatal(err)
		}
		e := newExtract(parsed, 0)
		u, values := &User{}, &ValueReader{}
		a := &transport.Answer{Status: 200, Body: []byte(c.before + strings.Repeat(c.piece, c.pieces) + c.after)}
		is := e.from(a, u, values)
		if is != c.is || len(u.Value(0)) > MostValue {
			t.Errorf("%s of %d pieces %q: found %v, %d bytes, wanted %v", c.from, c.pieces, c.piece, is, len(u.Value(0)), c.is)
		}
		if _, found := e.explain(a); !is && !strings.Contains(found, c.explain) {
			t.Errorf("%s of %d pieces %q: found %q, wanted %q", c.from, c.pieces, c.piece, found, c.explain)
		}
	}
}

// A reader of values keeps nothing of a large body, whose memory is another answer's next.
func TestReaderLetsLargeBodiesGo(t *testing.T) {
	var r ValueReader
	gone := make(chan bool, 1)
	func() {
		body := make([]byte, 8<<20)
		copy(body, `{"a":1} `)
		runtime.AddCleanup(&body[0], func(int) { gone <- true }, 0)
		r.find(body, []member{{[]byte("a"), -1}})
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("a body of 8 MiB is still kept")
	runtime.KeepAlive(&r)
}
