package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

func TestTLSByBothEngines(t *testing.T) {
	// The server says why after the handshake, and closes; a client that was writing may see only that.
	const turnedAway = "tls, closed or reset"
	for _, c := range []struct {
		name    string
		clients tls.ClientAuthType
		http2   bool
		change  func(client *tls.Config, server *httptest.Server)
		class   string
		body    string
	}{
		{"HTTP/1.1", tls.NoClientCert, false, nil, "", "HTTP/1.1, 0 certificates"},
		{"HTTP/2", tls.NoClientCert, true, nil, "", "HTTP/2.0, 0 certificates"},
		{"an unknown authority", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.RootCAs = x509.NewCertPool() }, transport.ClassTLS, ""},
		{"another host's certificate", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.ServerName = "shop.invalid" }, transport.ClassTLS, ""},
		{"nothing verified on request", tls.NoClientCert, true, func(c *tls.Config, _ *httptest.Server) { c.RootCAs, c.InsecureSkipVerify = nil, true }, "", "HTTP/2.0, 0 certificates"},
		{"too old a version", tls.NoClientCert, false, func(c *tls.Config, s *httptest.Server) { c.MaxVersion = tls.VersionTLS11 }, transport.ClassTLS, ""},
		{"no client certificate", tls.RequireAnyClientCert, false, nil, turnedAway, ""},
		{"no client certificate over HTTP/2", tls.RequireAnyClientCert, true, nil, turnedAway, ""},
		{"a client certificate", tls.RequireAnyClientCert, true, func(c *tls.Config, s *httptest.Server) { c.Certificates = s.TLS.Certificates }, "", "HTTP/2.0, 1 certificates"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, config, _ := loadtest.Secure(t, c.clients, c.http2)
			if c.change != nil {
				c.change(config, server)
			}
			target := loadtest.Must(url.Parse(server.URL))
			for _, engine := range []transport.Engine{transport.NewNetHTTP(target, 1, config, nil), wireTo(target, config)} {
				class, body := c.class, c.body
				if _, ours := engine.(*Engine); ours {
					body = strings.Replace(body, "HTTP/2.0", "HTTP/1.1", 1) // all it speaks
				}
				a := new(transport.Answer)
				engine.Conn().Do(context.Background(), &transport.Request{Method: "POST", URL: []byte("/"), Body: []byte("x"), Timeout: patience, WantBody: true}, a)
				if class == turnedAway && slices.Contains([]string{transport.ClassTLS, transport.ClassClosed, transport.ClassReset}, a.Class) {
					class = a.Class
				}
				if a.Class != class || string(a.Body) != body {
					t.Errorf("%T: class %q, body %q, wanted %q and %q: %v", engine, a.Class, a.Body, class, body, a.Err)
				}
				engine.Close()
			}
			if len(config.NextProtos) > 0 {
				t.Error("the caller's configuration was changed")
			}
		})
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if a := askBy(engines[byNetHTTP](loadtest.Must(url.Parse("https"+plain.URL[len("http"):]))), patience); a.Class != transport.ClassTLS {
		t.Errorf("TLS to a plain port: class %q: %v", a.Class, a.Err)
	}
}
