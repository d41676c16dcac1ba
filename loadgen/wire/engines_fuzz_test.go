package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// FuzzEnginesAgree gives both engines the same head and body: folds, statuses, cookies, encodings, Locations. What wire takes, net/http
// takes alike, and so the other way round but for what is stricter here.
func FuzzEnginesAgree(f *testing.F) {
	for _, c := range packedCases() {
		f.Add("200 OK", "Content-Encoding: "+strings.ReplaceAll(c.encodings, "|", "\r\nContent-Encoding: ")+"\r\n", c.accepted, []byte(c.body))
	}
	for _, status := range []string{"000 A", "099 B", "100 C", "199 D", "302 E", "1000 F", "20 G", "204 H", "304 I"} {
		f.Add(status, "Location: /y\r\nSet-Cookie: a=\"b; c\"; Path=/\r\nX-A: b\r\n c\r\n", "", []byte("x"))
	}
	for _, c := range followedCases() {
		f.Add("307 A", "Location: "+strings.ReplaceAll(c.location, "HOST", "shop.test")+"\r\nSet-Cookie: a=1;\r\n\tMax-Age=0\r\n", "*", []byte(""))
	}
	f.Fuzz(func(t *testing.T, status, fields, accepted string, body []byte) {
		if strings.ContainsAny(status, "\r\n") || strings.Contains(strings.ToLower(fields), "content-length") || strings.Contains(strings.ToLower(fields), "transfer-encoding") ||
			strings.Contains(strings.ToLower(fields), "trailer") || strings.Contains(fields, "\n\n") || strings.Contains(fields, "\n\r\n") || strings.ContainsAny(accepted, "\r\n\x00") {
			t.Skip("the frame is not what is tried here")
		}
		if fields != "" && !strings.HasSuffix(fields, "\n") {
			fields += "\r\n" // else both would wait for the end of the head
		}
		answer := "HTTP/1.1 " + status + "\r\nContent-Length: " + itoa(len(body)) + "\r\n" + fields + "\r\n" + string(body)
		if strings.HasPrefix(strings.TrimLeft(status, " "), "1") {
			answer += okLine + noBody // the answer after an informational one
		}
		for _, withJar := range []bool{false, true} {
			got, want := piped(byWire, answer, accepted, withJar), piped(byNetHTTP, answer, accepted, withJar)
			if got.class == transport.ClassMalformed && want.class != "" || got.class != "" && isStricter(answer) {
				return
			}
			if got != want {
				t.Fatalf("%q\nwire:     %+v\nnet/http: %+v", answer, got, want)
			}
		}
	})
}

// isStricter reports whether an answer has one of the documented differences, see differences.
func isStricter(answer string) bool {
	for line := range strings.SplitSeq(answer, "\n") {
		name, _, _ := strings.Cut(line, ":")
		if strings.ContainsAny(name, " \t") {
			return true
		}
	}
	return false
}

// made is what a step can see of an answer and of what it led to.
type made struct {
	status                             int
	class, body, packed, header, lines string
	kept                               string // the cookies of the jar
}

// piped has an engine ask for a page whose every answer is the same, twice at most, for a user with a jar or without.
func piped(engine, answer, accepted string, withJar bool) made {
	target := &url.URL{Scheme: "http", Host: "shop.test"}
	var lines []string
	dial := func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			in := bufio.NewReader(server)
			for {
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				lines = append(lines, r.RequestURI+" "+strings.Join(r.Header["Cookie"], "|"))
				if _, err := io.WriteString(server, answer); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
	var e transport.Engine = transport.NewNetHTTP(target, 1, nil, dial)
	if engine == byWire {
		config := ConfigFor(target, transport.Route{})
		config.Dial = dial
		wired, err := New(context.Background(), config)
		if err != nil {
			return made{class: err.Error()}
		}
		e = wired
	}
	var jar *cookies.Jar
	if withJar {
		jar = new(cookies.Jar)
	}
	a := askBy(e, time.Second, func(r *transport.Request) {
		r.Redirects, r.Header, r.WantHeader = 1, []transport.Field{{Name: "Accept-Encoding", Value: []byte(accepted)}, {Name: "Cookie", Value: []byte("a=0")}}, []string{"Set-Cookie", "X-A"}
		r.Jar = jar
	})
	m := made{status: a.Status, class: a.Class, body: string(a.Body), packed: a.Packed, lines: strings.Join(lines, "\n")}
	if withJar {
		host := transport.CookieHost("http", target.Host)
		m.kept = string(jar.AppendHeader(nil, 0, &host, []byte("/x"), time.Now()))
	}
	for _, f := range append(a.Passed, a.Header...) {
		m.header += f.Name + ": " + string(f.Value) + "\n"
	}
	return m
}
