package record

import (
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func vegetaEncoders() map[string]func(io.Writer) vegeta.Encoder {
	return map[string]func(io.Writer) vegeta.Encoder{
		"gob": vegeta.NewEncoder, "json": vegeta.NewJSONEncoder, "csv": vegeta.NewCSVEncoder,
	}
}

// vegetaResults are in the order of their ends, as vegeta writes them: the first sent is not the first.
func vegetaResults() []*vegeta.Result {
	at := func(ms int) time.Time { return testT0().Add(time.Duration(ms) * time.Millisecond) }
	result := func(seq uint64, ms, latency int, code uint16, message string) *vegeta.Result {
		return &vegeta.Result{Attack: "sale", Seq: seq, Code: code, Timestamp: at(ms), Latency: time.Duration(latency) * time.Millisecond,
			BytesOut: 10, BytesIn: 100, Error: message, Method: "GET", URL: "http://shop.test:8080/item?id=1"}
	}
	return []*vegeta.Result{
		result(1, 100, 20, 200, ""),
		result(2, 1100, 30, 503, "503 Service Unavailable"),
		result(0, 0, 1500, 200, ""),
		result(3, 1200, 5000, 0, `Get "http://shop.test": context deadline exceeded (Client.Timeout exceeded)`),
		result(4, 1300, 1, 0, "dial tcp 127.0.0.1:1: connect: connection refused"),
	}
}

func encoded(t *testing.T, encoder func(io.Writer) vegeta.Encoder, results []*vegeta.Result) []byte {
	t.Helper()
	var file bytes.Buffer
	encode := encoder(&file)
	for _, result := range results {
		if err := encode(result); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func TestFromVegeta(t *testing.T) {
	for name, encoder := range vegetaEncoders() {
		path := filepath.Join(t.TempDir(), name)
		writeFile(t, path, encoded(t, encoder, vegetaResults()))
		r, err := FromVegeta(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkRecord(t, r)
		m := r.Manifest
		if !m.T0.Equal(testT0()) || m.Target != "http://shop.test:8080" || m.Engine != "vegeta" || m.Scenario != "sale" || m.End == nil || r.Torn != 0 || !r.DueUnknown {
			t.Errorf("%s: manifest %+v, end %v, torn %d, due unknown %v", name, m, m.End, r.Torn, r.DueUnknown)
		}
		for _, want := range []struct {
			window  Window
			outcome string
			count   int64
		}{{Window{0, 1}, OutcomeOK, 2}, {Window{1, 2}, OutcomeFailed, 1}, {Window{1, 2}, OutcomeError, 2}, {Everything, "", 5}} {
			got := r.Count(want.window, func(tag Tag) bool {
				return tag.Metric == ServiceTime && tag.Step == VegetaStep && (want.outcome == "" || tag.Outcome == want.outcome)
			})
			if got != want.count {
				t.Errorf("%s: %d requests in %v with outcome %q, wanted %d", name, got, want.window, want.outcome, want.count)
			}
		}
		if max := r.Packed(Everything, nil).Max(); max < int64(5*time.Second) || max > int64(5005*time.Millisecond) {
			t.Errorf("%s: longest is %d", name, max)
		}
		c := r.Counters(Everything, VegetaStep)
		if c.Due != 0 || c.Sent != 5 || c.Done != 5 || c.Failed != 3 || c.BytesIn != 500 ||
			c.Errors["status_503"] != 1 || c.Errors["timeout"] != 1 || c.Errors["refused"] != 1 {
			t.Errorf("%s: counters %+v", name, c)
		}
		if done := r.CountersAt(6)[VegetaStep].Done; done != 1 {
			t.Errorf("%s: %d ended in second 6, wanted the one that timed out", name, done)
		}
	}
}

func TestFromVegetaCutShort(t *testing.T) {
	for name, encoder := range vegetaEncoders() {
		results := vegetaResults()
		whole, four := encoded(t, encoder, results), encoded(t, encoder, results[:4])
		path := filepath.Join(t.TempDir(), name)
		writeFile(t, path, whole[:len(four)+(len(whole)-len(four))/2])
		r, err := FromVegeta(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := r.Count(Everything, nil); n != 4 || r.Torn != 1 || r.Manifest.End != nil {
			t.Errorf("%s: %d results, torn %d, end %v, wanted 4, 1 and none", name, n, r.Torn, r.Manifest.End)
		}
		before := int64(0)
		for length := 0; length < len(whole); length += 29 {
			writeFile(t, path, whole[:length])
			r, err := FromVegeta(path)
			if err != nil {
				if before > 0 {
					t.Errorf("%s: %d bytes cannot be read, though fewer have %d results: %v", name, length, before, err)
				}
				continue
			}
			checkRecord(t, r)
			if n := r.Count(Everything, nil); n < before || n > 5 {
				t.Errorf("%s: %d results in %d bytes, %d in fewer, 5 in all", name, n, length, before)
			} else {
				before = n
			}
		}
		if before == 0 {
			t.Errorf("%s: no cut was read", name)
		}
	}
}

func TestFromVegetaCorrupt(t *testing.T) {
	whole := encoded(t, vegeta.NewCSVEncoder, vegetaResults())
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines[2] = []byte("not,a,result\n")
	negative := vegetaResults()
	negative[1].Latency = -1
	early := vegetaResults()
	early[1].Timestamp = time.Time{}
	for name, data := range map[string][]byte{
		"empty":              nil,
		"text":               []byte("hello\n"),
		"a line in between":  bytes.Join(lines, nil),
		"negative latency":   encoded(t, vegeta.NewJSONEncoder, negative),
		"timestamp missing":  encoded(t, vegeta.NewJSONEncoder, early),
		"a directory's file": []byte(`{"fsctl_version":"1"}`),
	} {
		path := filepath.Join(t.TempDir(), "results")
		writeFile(t, path, data)
		if r, err := FromVegeta(path); err == nil {
			t.Errorf("%s: read as %d results", name, r.Count(Everything, nil))
		}
	}
}

func TestFromVegetaOutOfOrderOverManySeconds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	results := make([]*vegeta.Result, 1000)
	for i := range results {
		results[i] = &vegeta.Result{Code: 200, Timestamp: testT0().Add(time.Duration(i) * 200 * time.Millisecond), Latency: time.Millisecond}
	}
	random.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
	path := filepath.Join(t.TempDir(), "results")
	writeFile(t, path, encoded(t, vegeta.NewEncoder, results))
	r, err := FromVegeta(path)
	if err != nil {
		t.Fatal(err)
	}
	for second := range 200 {
		if n := r.Count(Window{second, second + 1}, nil); n != 5 {
			t.Fatalf("second %d has %d requests, wanted 5", second, n)
		}
	}
	checkRecord(t, r) // of more seconds than a total takes up at once
}
