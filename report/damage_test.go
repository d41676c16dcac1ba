package report

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record"
	"fsctl/report/exitcode"
)

const damagedScenario = `apiVersion: fsctl/v1
kind: Scenario
name: test
workload: {requests: 1M}
sale: {items: 1, stock: 100}
steps:
  browse: {share: 50%, request: {url: "/browse"}}
  order: {share: 50%, transaction: true, request: {method: POST, url: "/order"}, extract: {order_id: "json:$.id"}, outcome: {placed: "status 200"}}
journeys: {buy: [browse, order]}
storm: {t0: 1s, phases: [{journey: buy, from: T0, to: T0+6s, rate: 20/s}]}
thresholds: {response_time: ["p(99)<300ms"], http_req_failed: ["rate<10%"]}
invariants: [no-oversell, no-lost-order]
ledger: {url: /ledger}
`

// sealedRun writes a run of six seconds to dir, and reads it. With slow its threshold is crossed, with lost an order is not in the
// shop's ledger.
func sealedRun(t *testing.T, dir string, slow, lost, raw bool) *Report {
	t.Helper()
	m := manifest()
	m.ScaleRatio, m.PlannedArrivals, m.Agents = 1, 120, []record.Agent{{Name: "local", ShareRatio: 1, Finished: true}}
	w, err := record.Create(dir, m, []byte(damagedScenario))
	if err != nil {
		t.Fatal(err)
	}
	for second := range 6 {
		i := record.Interval{Second: second, Packed: map[record.Tag]record.Packed{}, Steps: map[string]*record.Counters{},
			Generator: &record.Generator{CPUSeconds: 0.1, IdleCPUSeconds: 1.9, Connections: 4, Arrivals: 20, Iterations: 20,
				Journeys: map[string]record.Journey{"buy": {Users: 20, Finished: 20}}}}
		for step, outcome := range map[string]string{"browse": record.OutcomeOK, "order": "placed"} {
			var times []float64
			for n := range 20 {
				ms := float64(10 + n)
				if slow {
					ms *= 20
				}
				times = append(times, ms)
			}
			for _, metric := range []string{record.ResponseTime, record.ServiceTime} {
				i.Packed[record.Tag{Metric: metric, Step: step, Outcome: outcome}] = histogram(t, times...)
			}
			i.Packed[record.Tag{Metric: record.Lateness, Step: step, Outcome: outcome}] = histogram(t, slices.Repeat([]float64{0.1}, 20)...)
			i.Steps[step] = &record.Counters{Due: 20, Sent: 20, Done: 20, Statuses: map[string]uint64{"200": 20}}
		}
		if second == 3 { // one that failed, of which there is a sample
			i.Packed[record.Tag{Metric: record.ServiceTime, Step: "browse", Outcome: record.OutcomeFailed}] = histogram(t, 20)
			i.Packed[record.Tag{Metric: record.ResponseTime, Step: "browse", Outcome: record.OutcomeFailed}] = histogram(t, 20)
			i.Packed[record.Tag{Metric: record.Lateness, Step: "browse", Outcome: record.OutcomeFailed}] = histogram(t, 0.1)
			i.Steps["browse"].Add(record.Counters{Due: 1, Sent: 1, Done: 1, Failed: 1, Failures: map[string]uint64{"status": 1}})
			err = w.Sample(record.Sample{Step: "browse", Reason: "status", AtSeconds: 3.5, Method: "GET", URL: "/browse"})
		}
		for n := range 10 {
			at := t0.Add(time.Duration(second)*time.Second + time.Duration(n))
			err = errors.Join(err, w.Told(record.Order{ID: fmt.Sprint(second, "-", n), User: strconv.Itoa(10*second + n), SKU: "item-1", Quantity: 1, At: at, Step: "order"}))
			if raw {
				err = errors.Join(err, w.Raw(&vegeta.Result{Code: 200, Seq: uint64(n), Timestamp: at, Latency: time.Millisecond}))
			}
		}
		if err = errors.Join(err, w.Write(i)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 60 {
		if lost && n == 17 {
			continue
		}
		err = errors.Join(err, w.Sold(record.Order{ID: fmt.Sprint(n/10, "-", n%10), User: strconv.Itoa(n), SKU: "item-1", Quantity: 1}))
	}
	if err := errors.Join(err, w.Stock(map[string]int{"item-1": 100}), w.Close(*m.End)); err != nil {
		t.Fatal(err)
	}
	run, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run.Judge()
}

// TestNoDamagedRunPasses spoils each file of four sealed runs a hundred times. DAMAGE_SEED repeats a run.
func TestNoDamagedRunPasses(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DAMAGE_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatalf("DAMAGE_SEED: found %q, wanted a whole number", text)
		}
	}
	t.Logf("DAMAGE_SEED=%d", seed)
	draw := rand.New(rand.NewPCG(seed, 1))
	root := memory(t)
	var runs []string
	for i, v := range []struct {
		slow, lost, raw bool
		code            int
	}{
		{code: exitcode.Done}, {raw: true, code: exitcode.Done}, {slow: true, code: exitcode.Threshold}, {lost: true, code: exitcode.Invariant},
	} {
		dir := filepath.Join(root, strconv.Itoa(i))
		if r := sealedRun(t, dir, v.slow, v.lost, v.raw); r.ExitCode != v.code || r.Unverified {
			t.Fatalf("run %d: %d %s, unverified %t, wanted %d", i, r.ExitCode, r.Reason, r.Unverified, v.code)
		}
		runs = append(runs, dir)
	}
	for i, dir := range runs {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			path := filepath.Join(dir, f.Name())
			whole := fileOf(t, path)
			// A file with the same bytes is no damage, so that one of another run must differ.
			other := fileOf(t, filepath.Join(runs[(i+1)%len(runs)], f.Name()))
			for n := range 100 {
				name, spoilt := spoil(draw, whole, other)
				if bytes.Equal(spoilt, whole) {
					name, spoilt = "one byte appended", append(bytes.Clone(whole), '\n')
				}
				if spoilt == nil {
					if err = os.Remove(path); errors.Is(err, os.ErrNotExist) { // deleted by the damage before
						err = nil
					}
				} else {
					err = os.WriteFile(path, spoilt, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				if code := judged(dir); code != exitcode.Failed && code != exitcode.Interrupted {
					t.Errorf("run %d, %s, damage %d, %s: exit code %d, wanted 1 or 105", i, f.Name(), n, name, code)
				}
			}
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code := judged(dir); code == exitcode.Failed {
			t.Errorf("run %d put right again: exit code %d", i, code)
		}
	}
}

// judged returns what fsctl report ends with.
func judged(dir string) int {
	run, err := Read(dir)
	if err != nil {
		return exitcode.Failed
	}
	return run.Judge().ExitCode
}

// spoil returns a file with a damage drawn at random; nil for none at all. other is the same file of another run, nil where that
// has none.
func spoil(draw *rand.Rand, whole, other []byte) (name string, spoilt []byte) {
	data := append([]byte{}, whole...)
	lines := bytes.SplitAfter(data, []byte("\n"))
	at, line := draw.IntN(max(1, len(data))), draw.IntN(len(lines))
	to := line + 1 + draw.IntN(len(lines)-line)
	if len(data) == 0 {
		return "appended", []byte("x\n")
	}
	switch draw.IntN(14) {
	case 0:
		data[at] ^= 1 << draw.IntN(8)
		return fmt.Sprint("bit flipped in byte ", at), data
	case 1:
		data[at] = byte(draw.IntN(256))
		return fmt.Sprint("byte set: ", at), data
	case 2:
		return fmt.Sprintf("lines %d to %d removed", line, to), bytes.Join(slices.Delete(lines, line, to), nil)
	case 3:
		return fmt.Sprintf("lines %d to %d repeated", line, to), bytes.Join(slices.Insert(slices.Clone(lines), to, lines[line:to]...), nil)
	case 4:
		with := draw.IntN(len(lines))
		lines[line], lines[with] = lines[with], lines[line]
		return fmt.Sprintf("lines %d and %d swapped", line, with), bytes.Join(lines, nil)
	case 5:
		return fmt.Sprint("cut at the end of line ", line), bytes.Join(lines[:line], nil)
	case 6:
		return fmt.Sprint("cut at byte ", at), data[:at]
	case 7:
		return "emptied", []byte{}
	case 8:
		return "deleted", nil
	case 9:
		return "replaced by another run's", bytes.Clone(other)
	case 10:
		return "a line appended again", append(data, lines[line]...)
	case 11:
		more := make([]byte, 1+draw.IntN(100))
		return "zeros appended", append(data, more...)
	case 12:
		return fmt.Sprint("zeros from byte ", at), append(data[:at], make([]byte, len(data)-at)...)
	}
	var digits []int
	for i, b := range data {
		if b >= '0' && b <= '9' {
			digits = append(digits, i)
		}
	}
	if len(digits) == 0 {
		return "appended", append(data, '7')
	}
	at = digits[draw.IntN(len(digits))]
	data[at] = '0' + (data[at]-'0'+byte(1+draw.IntN(9)))%10
	return fmt.Sprint("digit changed in byte ", at), data
}

// fileOf returns a file, nil where there is none.
func fileOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return data
}

// memory returns a directory in memory, where the system has a place for one.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "report-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
