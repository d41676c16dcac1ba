package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What agent 1 may not do: the bus must answer with a refusal.
func TestAgentIsDenied(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		stored(t, b, "mine")
		agent, heard := b.agent(t, 1)
		spy := subscribe(t, b.coordinator(t), ">")
		r := b.run
		publishes := []string{
			r.RecordSubject(2), r.FinalSubject(2), r.UpSubject(2), r.UpSubject(11), // other slots
			r.DownSubject(), r.DownSlotSubject(1), r.DownSlotSubject(2), StormSubject, // the coordinator's words
			"$KV." + r.Bucket() + ".t0", "$KV." + r.Bucket() + ".slot.1", // T0, and the rest of the bucket
			"$JS.API.STREAM.PURGE." + r.Stream(), "$JS.API.STREAM.DELETE." + r.Stream(), "$JS.API.STREAM.MSG.GET." + r.Stream(),
			inboxPrefix(2) + ".x", inboxPrefix(Coordinator) + ".x", "_INBOX.x", "elsewhere",
		}
		for _, subject := range publishes {
			publish(t, agent, subject, "forged")
			wantDenied(t, heard, "publish to", subject)
		}
		for _, subject := range []string{
			r.DownSlotSubject(2), r.downSlotSubjects(), r.subject("down.>"), r.subject("*.1"),
			r.RecordSubject(1), r.RecordSubject(2), r.subject("rec.*"), r.subject("rec.>"), r.UpSubjects(), r.ClockSubject(),
			StormAskSubject, "fsctl.>", "$KV.>", "$JS.>", "$SYS.>", ">",
			inboxPrefix(2) + ".>", inboxPrefix(Coordinator) + ".>", "_INBOX.>", "*.>",
		} {
			sub, err := agent.SubscribeSync(subject)
			if err != nil {
				t.Fatal(err)
			}
			wantDenied(t, heard, "subscribe to", subject)
			if _, err := sub.NextMsgWithContext(soon(t)); !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v, wanted it to be denied", subject, err)
			}
		}
		publish(t, agent, r.UpSubject(1), "allowed")
		if m := next(t, spy); m.Subject != r.UpSubject(1) {
			t.Errorf("a message came through: %s %q", m.Subject, m.Data)
		}
	})
}

func wantDenied(t *testing.T, heard <-chan error, action, subject string) {
	t.Helper()
	err := await(t, heard, "a word on "+subject)
	denied, ok := errors.AsType[*DeniedError](err)
	if !ok || denied.Slot != 1 || denied.Action != action || denied.Subject != subject || !errors.Is(err, nats.ErrPermissionViolation) ||
		!strings.HasPrefix(err.Error(), "agent 1: permission denied to "+action) || !strings.Contains(err.Error(), subject) {
		t.Errorf("found %q, wanted that it may not %s %s", err, action, subject)
	}
}

// Permissions say nothing about the subject for an answer. JetStream and the coordinator answer with their
// own permissions, so that it could be anything: T0, another slot's record, an order to purge the stream.
func TestForgedReplySubjects(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		stored(t, b, "mine")
		r := b.run
		c := b.coordinator(t)
		answer(t, c, r.ClockSubject())
		agent, _ := b.agent(t, 1)
		other, _ := b.agent(t, 2)
		down, downTwo := subscribe(t, other, r.DownSubject()), subscribe(t, other, r.DownSlotSubject(2))
		coordinator := subscribe(t, c, inboxPrefix(Coordinator)+".known")
		up := subscribe(t, c, r.UpSubjects())
		forged := []string{
			"$KV." + r.Bucket() + ".t0", r.RecordSubject(2), r.FinalSubject(2), r.UpSubject(2), r.DownSubject(), r.DownSlotSubject(2),
			inboxPrefix(Coordinator) + ".known", "$JS.API.STREAM.PURGE." + r.Stream(), "$JS.API.STREAM.MSG.DELETE." + r.Stream(),
		}
		for _, reply := range forged {
			for _, subject := range []string{r.RecordSubject(1), r.ClockSubject()} {
				if err := agent.PublishRequest(subject, reply, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
		}
		// Answers come in order, so after these two all of the above have gone where they go.
		storedAsync(t, agent, r.RecordSubject(1))
		if _, err := agent.RequestWithContext(soon(t), r.ClockSubject(), nil); err != nil {
			t.Fatal(err)
		}
		wantUntouched(t, c, r, 2+len(forged))
		// What the coordinator says now is the first that the others hear.
		publish(t, c, r.DownSubject(), "true")
		publish(t, c, r.DownSlotSubject(2), "true")
		publish(t, c, coordinator.Subject, "true")
		publish(t, other, r.UpSubject(2), "true")
		for _, sub := range []*nats.Subscription{down, downTwo, coordinator, up} {
			if m := next(t, sub); string(m.Data) != "true" {
				t.Errorf("%s: found %q, which agent 1 had sent there", sub.Subject, m.Data)
			}
		}
	})
}

// wantUntouched wants the bucket as stored left it, and in the stream messages of slot 1 only.
func wantUntouched(t *testing.T, c *nats.Conn, r Run, messages int) {
	t.Helper()
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.KeyValue(soon(t), r.Bucket())
	if err != nil {
		t.Fatal(err)
	}
	t0, err := bucket.Get(soon(t), "t0")
	if err != nil || string(t0.Value()) != "noon" || t0.Revision() != 1 {
		t.Errorf("T0 is %q, %v", t0.Value(), err)
	}
	stream, err := js.Stream(soon(t), r.Stream())
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(soon(t), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.State; got.Msgs != uint64(messages) || len(got.Subjects) != 1 || got.Subjects[r.RecordSubject(1)] != got.Msgs {
		t.Errorf("the stream holds %d messages of %v, wanted %d of slot 1", got.Msgs, got.Subjects, messages)
	}
}

// wantNoConnection wants a ConnectError with these words, and returns it.
func wantNoConnection(t *testing.T, c Config, words ...string) *ConnectError {
	t.Helper()
	c.Retry = true // to be refused ends it nevertheless
	connection, err := Connect(soon(t), c)
	if err == nil {
		connection.Close()
		t.Fatal("there is a connection")
	}
	failed, ok := errors.AsType[*ConnectError](err)
	if !ok {
		t.Fatalf("found %v, wanted a ConnectError", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("found %q, wanted %q in it", err, w)
		}
	}
	if failed.Hint == "" {
		t.Errorf("%v: no hint", err)
	}
	return failed
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		ours := filepath.Join(b.path("keys"), coordinatorFile)
		_, foreign := makeSet(t)
		impostor := *foreign.Coordinator
		impostor.Slot, impostor.roots = 2, b.keys.Coordinator.roots

		anonymous := wantNoConnection(t, Config{URL: b.url, CAFile: ours, Slot: 1}, "connect to "+b.url+" as agent 1", "Authorization Violation")
		if !isRefused(anonymous) {
			t.Errorf("%v is not taken for a refusal", anonymous)
		}
		wantNoConnection(t, Config{URL: b.url, Creds: &impostor}, "as agent 2", "Authorization Violation")
		if _, ok := errors.AsType[x509.UnknownAuthorityError](error(wantNoConnection(t, Config{URL: b.url, Creds: foreign.Coordinator}, "unknown authority"))); !ok {
			t.Error("the CA is not what is wrong")
		}
		wantNoConnection(t, Config{URL: b.url, CAFile: filepath.Join(foreign.dir, coordinatorFile)}, "unknown authority")
	})
}

// The server hears of a client that does not trust it.
func TestServerHearsOfStrangers(t *testing.T) {
	t.Parallel()
	b := newBed(t, startEmbedded)
	_, foreign := makeSet(t)
	wantNoConnection(t, Config{URL: b.url, Creds: foreign.Coordinator}, "unknown authority")
	if err := await(t, b.errors, "the server's word"); !strings.Contains(err.Error(), "TLS handshake error") {
		t.Error(err)
	}
	agent, heard := b.agent(t, 1)
	publish(t, agent, b.run.RecordSubject(2), "forged")
	wantDenied(t, heard, "publish to", b.run.RecordSubject(2))
	if err := await(t, b.errors, "the server's word"); !strings.Contains(err.Error(), "Publish Violation") || !strings.Contains(err.Error(), b.run.RecordSubject(2)) {
		t.Error(err)
	}
}

// A certificate may expire while the server runs, and while agents have loaded their files.
func TestExpiredServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	expired, err := makeKeys(dir, 1, nil, time.Now().Add(-keysLast-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	s, err := StartServer(ServerOptions{StoreDir: t.TempDir(), Keys: expired})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failed := wantNoConnection(t, Config{URL: s.URL(), Creds: expired.Coordinator}, "expired")
	if !strings.Contains(failed.Hint, "fsctl agent-keys") {
		t.Errorf("found hint %q", failed.Hint)
	}
}

func TestServerOfAnotherName(t *testing.T) {
	t.Parallel()
	_, k := makeSet(t)
	if runtime.GOOS != "linux" {
		t.Skip("127.0.0.2 is an address of this machine only on Linux")
	}
	s, err := StartServer(ServerOptions{Address: "127.0.0.2:0", StoreDir: t.TempDir(), Keys: k})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failed := wantNoConnection(t, Config{URL: s.URL(), Creds: k.Coordinator}, "not 127.0.0.2")
	if !strings.Contains(failed.Hint, "host") {
		t.Errorf("found hint %q", failed.Hint)
	}
}

// Whoever has keys does not talk in the clear, whatever the URL says.
func TestKeysAreNotForServersInTheClear(t *testing.T) {
	t.Parallel()
	_, k := makeSet(t)
	wantNoConnection(t, Config{URL: startPlain(t).URL(), Creds: k.Coordinator}, "nkeys not supported")
	wantNoConnection(t, Config{URL: startPlain(t).URL(), CAFile: filepath.Join(k.dir, coordinatorFile)}, "secure connection")
}

func TestServerSpeaksTLS13Only(t *testing.T) {
	t.Parallel()
	b := newBed(t, startEmbedded)
	for version, good := range map[uint16]bool{tls.VersionTLS12: false, tls.VersionTLS13: true} {
		conn, err := (&net.Dialer{}).DialContext(soon(t), "tcp", b.front.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for one := make([]byte, 1); one[0] != '\n'; { // the server's INFO comes before the handshake
			if _, err := io.ReadFull(conn, one); err != nil {
				t.Fatal(err)
			}
		}
		client := tls.Client(conn, &tls.Config{RootCAs: b.keys.Coordinator.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12, MaxVersion: version})
		if err := client.HandshakeContext(soon(t)); (err == nil) != good {
			t.Errorf("TLS version %x: %v", version, err)
		}
	}
}

// An agent whose key is not known any more when it comes back stops, and says why.
func TestRefusedOnTheWayBack(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		refused := make(chan error, 1)
		agent := connect(t, Config{URL: b.url, Creds: b.creds(t, 3), OnRefused: func(err error) { refused <- err }})
		b.stop()
		b.keys.agents = b.keys.agents[:2]
		b.start(t, b)
		err := await(t, refused, "a refusal")
		if failed, ok := errors.AsType[*ConnectError](err); !ok || failed.Name != identity(3) || failed.Hint == "" || !isRefused(err) {
			t.Errorf("found %v", err)
		}
		if !agent.IsClosed() {
			t.Error("the connection is not closed")
		}
	})
}

func TestUserOfNATSThatIsUnknown(t *testing.T) {
	t.Parallel()
	b := newBed(t, startEmbedded)
	u := strings.Replace(b.url, "tls://", "tls://someone:secret@", 1)
	failed := wantNoConnection(t, Config{URL: u, CAFile: filepath.Join(b.path("keys"), coordinatorFile)}, "Authorization Violation")
	if strings.Contains(failed.Error(), "secret") || strings.Contains(failed.Error(), "someone") {
		t.Errorf("the error shows the password: %v", failed)
	}
	if errors.Is(failed, context.DeadlineExceeded) {
		t.Error("it took until the end of patience")
	}
}
