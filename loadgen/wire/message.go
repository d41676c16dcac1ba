package wire

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// message is a request as it goes over the wire.
type message struct {
	head      []byte // everything up to and with the blank line
	accepted  []byte // Accept-Encoding
	body      []byte
	rest      [][]byte // of the body, after it
	isHEAD    bool     // the method is HEAD, whose answers have no body
	mayResend bool     // it may be sent again when its connection turned out to be closed
	expect    bool     // the body is sent when the server agrees, or says nothing for a second
	close     bool     // the connection ends with its answer
	wantBody  bool     // else the answer's body is read and only counted

	jar      *cookies.Jar  // whose cookies are to be added; nil for none
	site     *cookies.Host // with a jar: the host that the request is for
	from, to int           // where path and query are in head
}

// bodyBytes returns how many bytes the body has.
func (q *message) bodyBytes() int {
	n := len(q.body)
	for _, piece := range q.rest {
		n += len(piece)
	}
	return n
}

// path returns the path of the request.
func (q *message) path() []byte {
	path, _, _ := bytes.Cut(q.head[q.from:q.to], []byte("?"))
	return path
}

// write puts a request together, of which path and query are encoded. Values hold no line ends: who renders a request sees to that.
func (q *message) write(e *Engine, method, path string, rest []byte, header []transport.Field, body []byte, more [][]byte) {
	b := append(q.head[:0], method...)
	b = append(b, ' ')
	q.from = len(b)
	b = append(b, path...)
	b = append(b, rest...)
	q.to = len(b)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	q.expect, q.accepted, q.close = false, nil, e.config.EndConnections
	merges := q.jar != nil && q.jar.Len() > 0
	var host []byte
	agent, authorized := false, e.authorization == ""
	for i := range header {
		switch f := &header[i]; f.Name {
		case "Host":
			host = trimmed(f.Value)
		case "User-Agent":
			agent = true
		case "Authorization":
			authorized = true
		case "Connection":
			q.close = q.close || hasToken(f.Value, "close")
		case "Accept-Encoding":
			q.accepted = f.Value
		case "Expect":
			q.expect = strings.EqualFold(string(trimmed(f.Value)), "100-continue")
		}
	}
	if len(host) > 0 {
		b = append(b, host...)
	} else {
		b = append(b, e.host...)
	}
	b = append(b, "\r\n"...)
	for i := range header {
		f := &header[i]
		value := trimmed(f.Value)
		if f.Name == "Host" || f.Name == "User-Agent" && len(value) == 0 || f.Name == "Connection" && e.config.EndConnections || f.Name == "Cookie" && merges {
			continue
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, value...)
		b = append(b, "\r\n"...)
	}
	if merges {
		b = q.appendCookies(b, header)
	}
	if !agent {
		b = append(b, "User-Agent: "+transport.UserAgent+"\r\n"...)
	}
	if !authorized {
		b = append(b, "Authorization: "...)
		b = append(b, e.authorization...)
		b = append(b, "\r\n"...)
	}
	if e.config.EndConnections {
		b = append(b, "Connection: close\r\n"...)
	}
	q.head, q.body, q.rest = b, body, more
	if q.bodyBytes() > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(q.bodyBytes()), 10)
		b = append(b, "\r\n"...)
	}
	q.head = append(b, "\r\n"...)
	q.isHEAD, q.mayResend = method == http.MethodHead, transport.MayResend(method)
}

// appendCookies appends the Cookie header: what the request says of its own, and the jar's.
func (q *message) appendCookies(b []byte, header []transport.Field) []byte {
	begin := len(b)
	b = append(b, "Cookie: "...)
	from := len(b)
	for i := range header {
		if header[i].Name != "Cookie" {
			continue
		}
		if len(b) > from {
			b = append(b, "; "...)
		}
		b = append(b, trimmed(header[i].Value)...)
	}
	q.head = b // which holds the path
	if b = q.jar.AppendHeader(b, len(b)-from, q.site, q.path(), time.Now()); len(b) == from {
		return b[:begin]
	}
	return append(b, "\r\n"...)
}

// trimmed is a value without spaces around it, which are not part of it.
func trimmed(value []byte) []byte {
	for len(value) > 0 && isSpace(value[0]) {
		value = value[1:]
	}
	for len(value) > 0 && isSpace(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return value
}
