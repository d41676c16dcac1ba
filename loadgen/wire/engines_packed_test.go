package wire

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// pack packs a text by content encodings, the first one first.
func pack(text string, codings ...string) string {
	for _, coding := range codings {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "zlib":
			w = zlib.NewWriter(&b)
		case "deflate":
			w = loadtest.Must(flate.NewWriter(&b, 6))
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			w = loadtest.Must(zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1)))
		}
		_, _ = io.WriteString(w, text) // to memory
		_ = w.Close()
		text = b.String()
	}
	return text
}

// packedCase is a body in content encodings.
type packedCase struct {
	name      string
	encodings string // the Content-Encoding fields, separated by |
	accepted  string
	body      string // as it is sent
	found     string // what a step sees of it, empty for body
	class     string
	method    string
	status    string
}

const packedText = `{"filler": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "id": "17"}`

func packedCases() []packedCase {
	const all = "gzip, deflate, br, zstd"
	zip := pack(packedText, "gzip")
	malformed := transport.ClassMalformed
	return []packedCase{
		{name: "gzip", encodings: "gzip", accepted: all, body: zip, found: packedText},
		{name: "capitals", encodings: "GZip", accepted: "GZIP", body: zip, found: packedText},
		{name: "x-gzip", encodings: "x-gzip", accepted: "gzip", body: zip, found: packedText},
		{name: "asked for as x-gzip", encodings: "gzip", accepted: "x-gzip", body: zip, found: packedText},
		{name: "zlib", encodings: "deflate", accepted: all, body: pack(packedText, "zlib"), found: packedText},
		{name: "bare deflate", encodings: "deflate", accepted: all, body: pack(packedText, "deflate"), found: packedText},
		{name: "br", encodings: "br", accepted: all, body: pack(packedText, "br"), found: packedText},
		{name: "zstd", encodings: "zstd", accepted: all, body: pack(packedText, "zstd"), found: packedText},
		{name: "two", encodings: "gzip, br", accepted: all, body: pack(packedText, "gzip", "br"), found: packedText},
		{name: "two fields", encodings: "deflate|zstd", accepted: all, body: pack(packedText, "zlib", "zstd"), found: packedText},
		{name: "three and identity", encodings: "identity, gzip, gzip,, br", accepted: all, body: pack(packedText, "gzip", "gzip", "br"), found: packedText},
		{name: "any", encodings: "br", accepted: "*", body: pack(packedText, "br"), found: packedText},
		{name: "any but this", encodings: "br", accepted: "br;q=0, *", body: pack(packedText, "br")},
		{name: "weights", encodings: "zstd", accepted: "gzip;q=1.0, zstd; q=0.5", body: pack(packedText, "zstd"), found: packedText},
		{name: "weight of 0", encodings: "gzip", accepted: "gzip;q=0.000, br", body: zip},
		{name: "part of a name", encodings: "gzip", accepted: "gzipped", body: zip},
		{name: "not asked for", encodings: "gzip", accepted: "br", body: zip},
		{name: "nothing asked for", encodings: "gzip", body: zip},
		{name: "one of two asked for", encodings: "gzip, br", accepted: "br", body: pack(packedText, "gzip", "br")},
		{name: "unknown", encodings: "compress", accepted: "compress, *", body: zip},
		{name: "identity", encodings: "identity", accepted: all, body: packedText},
		{name: "empty field", encodings: "", accepted: all, body: packedText},
		{name: "empty body", encodings: "gzip", accepted: all, body: ""},
		{name: "nothing packed", encodings: "gzip", accepted: all, body: pack("", "gzip"), found: "-"},
		{name: "members", encodings: "gzip", accepted: all, body: zip + pack("more", "gzip"), found: packedText + "more"},
		{name: "HEAD", encodings: "gzip", accepted: all, method: "HEAD"},
		{name: "304", encodings: "gzip", accepted: all, status: "304 Not Modified"},
		{name: "204", encodings: "br", accepted: all, status: "204 No Content"},
		{name: "no gzip", encodings: "gzip", accepted: all, body: packedText, class: malformed},
		{name: "no zlib", encodings: "deflate", accepted: all, body: packedText, class: malformed},
		{name: "no br", encodings: "br", accepted: all, body: packedText, class: malformed},
		{name: "no zstd", encodings: "zstd", accepted: all, body: packedText, class: malformed},
		{name: "gzip cut", encodings: "gzip", accepted: all, body: zip[:len(zip)-9], class: malformed},
		{name: "zlib cut", encodings: "deflate", accepted: all, body: pack(packedText, "zlib")[:20], class: malformed},
		{name: "br cut", encodings: "br", accepted: all, body: pack(packedText, "br")[:20], class: malformed},
		{name: "zstd cut", encodings: "zstd", accepted: all, body: pack(packedText, "zstd")[:20], class: malformed},
		{name: "gzip and more", encodings: "gzip", accepted: all, body: zip + "more", class: malformed},
		{name: "zlib and more", encodings: "deflate", accepted: all, body: pack(packedText, "zlib") + "more", class: malformed},
		{name: "br and more", encodings: "br", accepted: all, body: pack(packedText, "br") + "more", class: malformed},
		{name: "zstd and more", encodings: "zstd", accepted: all, body: pack(packedText, "zstd") + "more", class: malformed},
		{name: "gzip with a wrong sum", encodings: "gzip", accepted: all, body: zip[:len(zip)-8] + "12345678", class: malformed},
		{name: "the inner one broken", encodings: "br, gzip", accepted: all, body: pack(packedText, "gzip"), class: malformed},
	}
}

func (c *packedCase) answer() string {
	status := c.status
	if status == "" {
		status = "200 OK"
	}
	head := "HTTP/1.1 " + status + "\r\nContent-Length: " + strconv.Itoa(len(c.body)) + "\r\n"
	if c.status != "" {
		head = "HTTP/1.1 " + status + "\r\n"
	}
	for value := range strings.SplitSeq(c.encodings, "|") {
		head += "Content-Encoding: " + value + "\r\n"
	}
	return head + "\r\n" + c.body
}

// A body is unpacked where the step asks for all of its encodings, by both engines, and counted as it came.
func TestPackedBodiesByBothEngines(t *testing.T) {
	for _, c := range packedCases() {
		for name, engine := range engines {
			handle := answering(c.answer(), true)
			address := serve(t, func(n int, nc *net.TCPConn) { handle(n, nc) })
			for _, want := range []bool{true, false} {
				a := askBy(engine(loadtest.Must(url.Parse("http://"+address))), patience, func(r *transport.Request) {
					r.WantBody, r.Header = want, fields("Accept-Encoding", c.accepted)
					if c.method != "" {
						r.Method = c.method
					}
				})
				found, packed := c.found, ""
				switch {
				case found == "-":
					found = ""
				case found == "":
					found = c.body
					if c.class == "" && c.encodings != "identity" && len(c.body) > 0 {
						packed = strings.ReplaceAll(c.encodings, "|", ",")
					}
				}
				class := c.class
				if !want {
					found, packed, class = "", "", ""
				}
				if class != "" {
					found = ""
				}
				if a.Class != class || string(a.Body) != found || a.Packed != packed || class == "" && a.BytesIn != uint64(len(c.body)) {
					t.Errorf("%s by %s, wanted %v: class %q, %d bytes in, packed %q, %d bytes of body %.90q, %v", c.name, name, want, a.Class, a.BytesIn, a.Packed, len(a.Body), a.Body, a.Err)
				}
			}
		}
	}
}

// Memory that one answer was unpacked into is not read as another's.
func TestUnpacksOneAfterAnother(t *testing.T) {
	all := packedCases()
	var next atomic.Int32 // the answer to give
	address := serve(t, func(n int, nc *net.TCPConn) {
		p := make([]byte, 8<<10)
		for {
			if _, err := nc.Read(p); err != nil {
				return
			}
			if _, err := io.WriteString(nc, all[next.Load()].answer()); err != nil {
				return
			}
		}
	})
	c, a := dialed(t, address), new(transport.Answer)
	for round := range 200 {
		packed := all[round*7%len(all)]
		next.Store(int32(round * 7 % len(all)))
		q := get()
		q.Header = fields("Accept-Encoding", packed.accepted)
		if q.Method = packed.method; q.Method == "" {
			q.Method = "GET"
		}
		_ = exchange(t.Context(), c, patience, q, a)
		want := packed.found
		if want == "" && packed.class == "" {
			want = packed.body
		} else if want == "-" {
			want = ""
		}
		if a.Class != packed.class || string(a.Body) != want {
			t.Fatalf("%s: class %q, body %q: %v", packed.name, a.Class, a.Body, a.Err)
		}
	}
}

// A body that unpacks to more than the limit is refused, however it is packed.
func TestUnpacksUpToALimit(t *testing.T) {
	const limit = 100_000
	large := strings.Repeat("0123456789", limit/10)
	var u transport.Unpacker
	for _, codings := range [][]string{{"gzip"}, {"zlib"}, {"deflate"}, {"br"}, {"zstd"}, {"gzip", "br"}, {"zstd", "gzip"}} {
		encodings := strings.ReplaceAll(strings.Join(codings, ","), "zlib", "deflate")
		for text, class := range map[string]string{large: "", large + "x": transport.ClassTooLarge} {
			a := &transport.Answer{Body: []byte(pack(text, codings...))}
			err := u.Unpack(a, encodings, "*", limit)
			if transport.Classify(err) != class || class == "" && (string(a.Body) != text || a.Packed != "") {
				t.Errorf("%v, %d bytes: %d bytes, packed %q, %v", codings, len(text), len(a.Body), a.Packed, err)
			}
		}
	}
}
