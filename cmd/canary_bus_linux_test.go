package cmd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
)

// spyOnBus hears every message on the bus of a run with --agents, with the coordinator's keys, and looks for canaries in them. Without keys
// no client gets in. It returns the number of messages once over is closed.
func spyOnBus(t *testing.T, dir string, pid int, c map[string]string, over <-chan struct{}) (heard int) {
	url := ""
	for url == "" {
		select {
		case <-over:
			return 0
		case <-time.After(5 * time.Millisecond):
			for _, child := range childrenOf(t, pid) {
				title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
				if _, rest, ok := strings.Cut(string(title), "--nats\x00"); ok {
					url, _, _ = strings.Cut(rest, "\x00")
				}
			}
		}
	}
	for name, options := range map[string][]nats.Option{"no keys": nil, "a name and a password": {nats.UserInfo("coordinator", "coordinator")}, "a token": {nats.Token("coordinator")}} {
		if conn, err := nats.Connect(url, append(options, nats.Secure(&tls.Config{InsecureSkipVerify: true}), nats.MaxReconnects(0))...); err == nil {
			conn.Close()
			t.Errorf("the bus lets in who has %s", name)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "fsctl-bus-*", "keys", "coordinator.creds")) // the pattern is a good one
	if len(files) != 1 {
		t.Errorf("found %d directories of keys, wanted one", len(files))
		return 0
	}
	creds, err := bus.LoadCreds(files[0])
	if err != nil {
		t.Error(err)
		return 0
	}
	conn, err := bus.Connect(context.Background(), bus.Config{URL: url, Slot: bus.Coordinator, Creds: creds})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	messages := make(chan *nats.Msg, 10_000)
	if _, err := conn.ChanSubscribe(">", messages); err != nil {
		t.Error(err)
		return 0
	}
	for {
		select {
		case m := <-messages:
			heard++
			searchFor(t, c, "a message to "+m.Subject, m.Data)
		case <-over:
			return heard
		}
	}
}

// clientKey writes a certificate and its key for --cert and --key, and returns a part of the key's text that no other key has.
func clientKey(t *testing.T, dir string) (canary string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return base64.StdEncoding.EncodeToString(private)[50:90] // of the private number, which follows 36 bytes that every key has
}
