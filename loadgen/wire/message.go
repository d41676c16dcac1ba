package wire

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fsctl/loadgen/transport"
)

// message is a request as it goes over the wire.
type message struct {
	head      []byte // everything up to and with the blank line
	fields    []transport.Field
	body      []byte
	isHEAD    bool // the method is HEAD, whose answers have no body
	mayResend bool // it may be sent again when its connection turned out to be closed
	expect    bool // the body is sent when the server agrees, or says nothing for a second
	wantBody  bool // else the answer's body is read and only counted
}

// write puts a request together. Values hold no line ends: who renders a request sees to that.
func (q *message) write(host, method, path string, rest []byte, header []transport.Field, body []byte) {
	b := append(q.head[:0], method...)
	b = append(b, ' ')
	b = append(b, path...)
	b = append(b, rest...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	q.expect, q.fields = false, header
	named, agent := []byte(nil), false
	for i := range header {
		switch f := &header[i]; f.Name {
		case "Host":
			named = f.Value
		case "User-Agent":
			agent = true
		case "Expect":
			q.expect = strings.EqualFold(string(f.Value), "100-continue")
		}
	}
	if named != nil {
		b = append(b, named...)
	} else {
		b = append(b, host...)
	}
	b = append(b, "\r\n"...)
	for i := range header {
		if f := &header[i]; f.Name != "Host" && (f.Name != "Content-Type" || len(body) > 0) {
			b = append(b, f.Name...)
			b = append(b, ": "...)
			b = append(b, f.Value...)
			b = append(b, "\r\n"...)
		}
	}
	if !agent {
		b = append(b, "User-Agent: "+transport.UserAgent+"\r\n"...)
	}
	if len(body) > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	q.head, q.body = append(b, "\r\n"...), body
	q.isHEAD, q.mayResend = method == http.MethodHead, transport.MayResend(method)
}

// acceptsGzip reports whether the answer's body may be packed.
func (q *message) acceptsGzip() bool {
	return slices.ContainsFunc(q.fields, func(f transport.Field) bool {
		return f.Name == "Accept-Encoding" && bytes.Contains(bytes.ToLower(f.Value), []byte("gzip"))
	})
}
