package bus

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func startPlain(t *testing.T) *Server {
	t.Helper()
	s, err := StartServer(ServerOptions{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Without keys anybody on this machine may do everything.
func TestPlainServer(t *testing.T) {
	t.Parallel()
	s := startPlain(t)
	if !strings.HasPrefix(s.URL(), "nats://127.0.0.1:") {
		t.Errorf("found %s, wanted an address of this machine", s.URL())
	}
	coordinator := connect(t, Config{URL: s.URL()})
	agent := connect(t, Config{URL: s.URL(), Slot: 1})
	if n := agent.MaxPayload(); n != MaxMessageBytes {
		t.Errorf("messages of %d bytes, wanted %d", n, MaxMessageBytes)
	}
	run := NewRun()
	sub := subscribe(t, agent, run.DownSlotSubject(1))
	publish(t, coordinator, run.DownSlotSubject(1), "go")
	if m := next(t, sub); string(m.Data) != "go" {
		t.Errorf("found %q", m.Data)
	}
	js, err := jetstream.New(agent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(soon(t), jetstream.StreamConfig{Name: run.Stream(), Subjects: run.StoredSubjects()}); err != nil {
		t.Error(err)
	}
}

func TestSeveralServersAtOnce(t *testing.T) {
	t.Parallel()
	a, b := startPlain(t), startPlain(t)
	sub := subscribe(t, connect(t, Config{URL: a.URL()}), StormSubject)
	publish(t, connect(t, Config{URL: b.URL()}), StormSubject, "other")
	publish(t, connect(t, Config{URL: a.URL()}), StormSubject, "this")
	if m := next(t, sub); string(m.Data) != "this" {
		t.Errorf("found a message of the other server: %q", m.Data)
	}
}

func TestServerInTheClearIsForThisMachine(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "bus.example:0"} {
		_, err := StartServer(ServerOptions{Address: address, StoreDir: t.TempDir()})
		if hint := wantInput(t, err, address, "found no keys", "in the clear"); !strings.Contains(hint, "fsctl agent-keys") {
			t.Errorf("found hint %q", hint)
		}
	}
}

func TestServerOnAllInterfaces(t *testing.T) {
	t.Parallel()
	_, k := makeSet(t)
	s, err := StartServer(ServerOptions{Address: ":0", StoreDir: t.TempDir(), Keys: k})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.URL(), "tls://127.0.0.1:") {
		t.Errorf("found %s, wanted one that can be dialled on this machine", s.URL())
	}
	connect(t, Config{URL: s.URL(), Creds: k.Coordinator})
}

func TestServerThatCannotStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		options ServerOptions
		want    string
	}{
		{ServerOptions{Address: "127.0.0.1:0"}, "no directory"},
		{ServerOptions{Address: "127.0.0.1", StoreDir: t.TempDir()}, "wanted HOST:PORT"},
		{ServerOptions{Address: "127.0.0.1:http", StoreDir: t.TempDir()}, `port "http"`},
		{ServerOptions{Address: "127.0.0.1:70000", StoreDir: t.TempDir()}, `port "70000"`},
	} {
		_, err := StartServer(c.options)
		wantInput(t, err, c.want)
	}
	for want, options := range map[string]ServerOptions{
		"address already in use": {Address: taken.Addr().String(), StoreDir: t.TempDir()},
		"JetStream":              {StoreDir: file},
	} {
		if _, err := StartServer(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found %v, wanted %q in it", err, want)
		}
	}
}

func TestServerLeavesSignalsAlone(t *testing.T) {
	t.Parallel()
	startPlain(t)
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if !strings.Contains(string(stacks), "nats-server") {
		t.Fatal("no goroutine of the server is there to be looked at")
	}
	if strings.Contains(string(stacks), "handleSignals") {
		t.Error("the server handles signals")
	}
}

// A server that comes back finds what its store holds.
func TestServerKeepsItsStore(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		stored(t, b, "first")
		b.stop()
		b.start(t, b)
		js, err := jetstream.New(b.coordinator(t))
		if err != nil {
			t.Fatal(err)
		}
		stream, err := js.Stream(soon(t), b.run.Stream())
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.GetMsg(soon(t), 1)
		if err != nil || string(m.Data) != "first" {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// stored makes the run's stream and bucket, and has agent 1 store messages there.
func stored(t *testing.T, b *bed, texts ...string) {
	t.Helper()
	c := b.coordinator(t)
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(soon(t), jetstream.StreamConfig{Name: b.run.Stream(), Subjects: b.run.StoredSubjects()}); err != nil {
		t.Fatal(err)
	}
	bucket, err := js.CreateKeyValue(soon(t), jetstream.KeyValueConfig{Bucket: b.run.Bucket()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Create(soon(t), "t0", []byte("noon")); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Create(soon(t), "t0", []byte("midnight")); !errors.Is(err, jetstream.ErrKeyExists) {
		t.Errorf("a second T0: %v", err)
	}
	agent, _ := b.agent(t, 1)
	stream, err := jetstream.New(agent)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if _, err := stream.Publish(soon(t), b.run.RecordSubject(1), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// All that a storm needs of the bus, over each server, with keys.
func TestStormOverTheBus(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, b *bed) {
		c := b.coordinator(t)
		one, oneHears := b.agent(t, 1)
		two, twoHears := b.agent(t, 2)

		announced, asked := subscribe(t, one, StormSubject), subscribe(t, c, StormAskSubject)
		publish(t, one, StormAskSubject, "?")
		if m := next(t, asked); string(m.Data) != "?" {
			t.Errorf("found %q", m.Data)
		}
		publish(t, c, StormSubject, "a storm")
		next(t, announced)

		answer(t, c, b.run.ClockSubject())
		answer(t, c, b.run.UpSubjects())
		for _, subject := range []string{b.run.ClockSubject(), b.run.UpSubject(1)} {
			m, err := one.RequestWithContext(soon(t), subject, []byte("x"))
			if err != nil || string(m.Data) != "re: x" {
				t.Errorf("%s: %v, %v", subject, m, err)
			}
		}

		all, ofOne, ofTwo := subscribe(t, two, b.run.DownSubject()), subscribe(t, one, b.run.DownSlotSubject(1)), subscribe(t, two, b.run.DownSlotSubject(2))
		publish(t, c, b.run.DownSlotSubject(1), "to 1")
		publish(t, c, b.run.DownSlotSubject(2), "to 2")
		publish(t, c, b.run.DownSubject(), "to all")
		for sub, want := range map[*nats.Subscription]string{all: "to all", ofOne: "to 1", ofTwo: "to 2"} {
			if m := next(t, sub); string(m.Data) != want {
				t.Errorf("%s: found %q, wanted %q", sub.Subject, m.Data, want)
			}
		}

		stored(t, b, "one", "two")
		storedAsync(t, two, b.run.FinalSubject(2))
		js, err := jetstream.New(c)
		if err != nil {
			t.Fatal(err)
		}
		consumer, err := js.OrderedConsumer(soon(t), b.run.Stream(), jetstream.OrderedConsumerConfig{})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"1 one", "1 two", "2 end"} {
			m, err := consumer.Next(jetstream.FetchMaxWait(patience))
			if err != nil {
				t.Fatal(err)
			}
			if slot, err := SlotOf(m.Subject()); err != nil || identity(slot)+" "+string(m.Data()) != "agent "+want {
				t.Errorf("found %s %q, wanted %s", m.Subject(), m.Data(), want)
			}
		}
		for _, hears := range []<-chan error{oneHears, twoHears} {
			if len(hears) > 0 {
				t.Errorf("an agent heard: %v", <-hears)
			}
		}
	})
}

func answer(t *testing.T, c *nats.Conn, subject string) {
	t.Helper()
	_, err := c.Subscribe(subject, func(m *nats.Msg) {
		if err := m.Respond(append([]byte("re: "), m.Data...)); err != nil {
			t.Error(err)
		}
	})
	if err == nil {
		err = c.FlushWithContext(soon(t))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func storedAsync(t *testing.T, agent *nats.Conn, subject string) {
	t.Helper()
	js, err := jetstream.New(agent)
	if err != nil {
		t.Fatal(err)
	}
	future, err := js.PublishAsync(subject, []byte("end"))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-future.Ok():
	case err := <-future.Err():
		t.Fatal(err)
	case <-soon(t).Done():
		t.Fatal("no acknowledgement came")
	}
}

// From nothing to the first connection and back, with keys and TLS.
func BenchmarkStartServer(b *testing.B) {
	dir := b.TempDir()
	k, err := MakeKeys(filepath.Join(dir, "keys"), 100, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := StartServer(ServerOptions{StoreDir: filepath.Join(dir, "store"), Keys: k})
		if err != nil {
			b.Fatal(err)
		}
		c, err := Connect(b.Context(), Config{URL: s.URL(), Creds: k.Coordinator})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
		s.Close()
	}
}
