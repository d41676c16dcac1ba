package wire

import (
	"net/http"
	"strconv"
	"strings"

	"fsctl/loadgen/transport"
)

// message is a request as it goes over the wire.
type message struct {
	head      []byte // everything up to and with the blank line
	accepted  []byte // Accept-Encoding
	body      []byte
	isHEAD    bool // the method is HEAD, whose answers have no body
	mayResend bool // it may be sent again when its connection turned out to be closed
	expect    bool // the body is sent when the server agrees, or says nothing for a second
	close     bool // the connection ends with its answer
	wantBody  bool // else the answer's body is read and only counted
}

// write puts a request together, of which path and query are encoded. Values hold no line ends: who renders a request sees to that.
func (q *message) write(e *Engine, method, path string, rest []byte, header []transport.Field, body []byte) {
	b := append(q.head[:0], method...)
	b = append(b, ' ')
	b = append(b, path...)
	b = append(b, rest...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	q.expect, q.accepted, q.close = false, nil, e.config.EndConnections
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
		if f.Name == "Host" || f.Name == "User-Agent" && len(value) == 0 || f.Name == "Connection" && e.config.EndConnections {
			continue
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, value...)
		b = append(b, "\r\n"...)
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
	if len(body) > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	q.head, q.body = append(b, "\r\n"...), body
	q.isHEAD, q.mayResend = method == http.MethodHead, transport.MayResend(method)
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
