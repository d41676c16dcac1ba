package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/orders"
)

func TestRoundTrip(t *testing.T) {
	w, dir := create(t)
	want := live()
	for second := -3; second < 5; second++ {
		interval := testInterval(second)
		write(t, w, interval)
		want.Add(interval)
		for _, h := range interval.Histograms {
			h.Reset() // as the generator does: neither may have kept it
		}
	}
	order := Order{ID: "o1", User: "u1", SKU: "s", Quantity: 2, At: testT0()}
	if err := errors.Join(w.Told(order), w.Sold(Order{ID: "o1", User: "u1", SKU: "s"}), w.Stock(map[string]int{"s": 5})); err != nil {
		t.Fatal(err)
	}
	want.Ledger = Ledger{Told: []Order{order}, Sold: orders.ListOf(Order{ID: "o1", User: "u1", SKU: "s"}), Stock: map[string]int{"s": 5}, Read: true}
	end := End{At: testT0().Add(5 * time.Second), Reason: Completed}
	if err := w.Close(end); err != nil {
		t.Fatal(err)
	}
	got := open(t, dir)
	if diff := differ(got, want); diff != "" {
		t.Errorf("read back differs in %s", diff)
	}
	checkRecord(t, got)
	manifest := testManifest()
	manifest.End = &end
	manifest.ScenarioSHA256 = got.Manifest.ScenarioSHA256
	manifest.FormatVersion, manifest.Seal = FormatVersion, got.Manifest.Seal
	if !reflect.DeepEqual(got.Manifest, manifest) || len(manifest.ScenarioSHA256) != 64 {
		t.Errorf("manifest is %+v, wanted %+v", got.Manifest, manifest)
	}
	if string(got.Scenario) != "name: live-drop\n" || got.Dir != dir || got.Torn != 0 || got.Unverified {
		t.Errorf("scenario %q, dir %q, torn %d", got.Scenario, got.Dir, got.Torn)
	}
	if c := got.CountersAt(-3)["browse"]; c.Due != 97 {
		t.Errorf("browse had %d due at -3, wanted 97", c.Due)
	}
	next := -3
	for second, g := range got.Generators() {
		if second != next || g.CPUSeconds != 0.25 {
			t.Errorf("generator of second %d is %+v, wanted second %d", second, g, next)
		}
		next++
	}
}

func TestLogIsReadByTheLibraryWithTheSameCounts(t *testing.T) {
	w, dir := create(t)
	var intervals []Interval
	for second := -3; second < 3; second++ {
		intervals = append(intervals, testInterval(second))
	}
	write(t, w, intervals...)
	for _, stage := range []string{"while running", "when closed"} {
		if stage == "when closed" {
			if err := w.Close(End{Reason: Completed}); err != nil {
				t.Fatal(err)
			}
		}
		found := 0
		in := hdrhistogram.NewHistogramLogReader(bytes.NewReader(readFile(t, filepath.Join(dir, latencyFile))))
		for {
			h, err := in.NextIntervalHistogram()
			if err != nil {
				t.Fatalf("%s: %v", stage, err)
			}
			if h == nil {
				break
			}
			found++
			sinceT0 := time.UnixMilli(h.StartTimeMs()).Sub(testT0())
			interval := intervals[int(math.Round(sinceT0.Seconds()))+3]
			tag, err := ParseTag(h.Tag())
			if err != nil {
				t.Fatal(err)
			}
			if !h.Equals(library(NewPacker().Pack(interval.Histograms[tag]))) {
				t.Errorf("%s: the library reads another histogram of %s in second %d", stage, tag, interval.Second)
			}
		}
		if found != 6*6 {
			t.Errorf("%s: the library finds %d histograms, wanted 36", stage, found)
		}
	}
}

// Whoever has histograms packed leaves the same record, byte by byte, as who has them whole.
func TestPackedIntervalsMakeTheSameRecord(t *testing.T) {
	packer := NewPacker()
	packed := func(second int) Interval {
		return Interval{Second: second, Packed: PackAll(packer, testInterval(second)), Steps: testInterval(second).Steps}
	}
	whole := func(second int) Interval {
		return Interval{Second: second, Histograms: testInterval(second).Histograms, Steps: testInterval(second).Steps}
	}
	both := func(second int) Interval {
		twice := testInterval(second).Steps
		for name, c := range testInterval(second).Steps {
			twice[name].Add(*c)
		}
		return Interval{second, whole(second).Histograms, packed(second).Packed, twice, nil}
	}
	seconds := []int{-2, -1, -40, -2, 0} // one late, one before the log's start
	var logs [][]byte
	for _, forms := range [][]func(int) Interval{{whole, whole}, {packed, packed}, {packed, whole}, {both}} {
		w, dir := create(t)
		direct := live()
		for _, second := range seconds {
			for _, form := range forms {
				write(t, w, form(second))
				direct.Add(form(second))
			}
		}
		if err := w.Close(End{Reason: Completed}); err != nil {
			t.Fatal(err)
		}
		if diff := differ(direct, open(t, dir)); diff != "" {
			t.Errorf("form %d: what was added and what was written differ in %s", len(logs), diff)
		}
		logs = append(logs, readFile(t, filepath.Join(dir, latencyFile)))
	}
	for form, log := range logs {
		if !bytes.Equal(log, logs[0]) || len(log) == 0 {
			t.Errorf("form %d leaves another log", form)
		}
	}
}

func TestLogText(t *testing.T) {
	w, dir := create(t)
	h := NewHistogram()
	if err := h.RecordValue(int64(3 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	write(t, w, Interval{Second: 0, Histograms: map[Tag]*Histogram{{ResponseTime, "order", OutcomeOK}: h}})
	lines := strings.Split(string(readFile(t, filepath.Join(dir, latencyFile))), "\n")
	for at, want := range []string{
		"#[Histogram log format version 1.3]",
		"#[StartTime: 1794326397.123 (seconds since epoch), 2026-11-10T15:59:57.123Z]",
		"#[BaseTime: 1794326397.123 (seconds since epoch)]",
		"#[Histograms count nanoseconds; Interval_Max is in milliseconds, as HdrHistogram's own logs have it]",
		`"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`,
		"Tag=response_time.order.ok,3.000,1.000,3.000000,HISTFAAA",
		"",
	} {
		if at >= len(lines) || !strings.HasPrefix(lines[at], want) {
			t.Errorf("line %d of %q, wanted %q", at+1, lines, want)
		}
	}
}

func TestCompactionKeepsEveryBucketInOneLineASecondAndTag(t *testing.T) {
	w, dir := create(t)
	want := live()
	for _, second := range []int{-2, -1, -2, 0, -3, -1, -2, 1} { // late completions come after their second
		interval := testInterval(second)
		write(t, w, interval)
		want.Add(interval)
	}
	if diff := differ(open(t, dir), want); diff != "" {
		t.Errorf("before compaction the record differs in %s", diff)
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	if diff := differ(open(t, dir), want); diff != "" {
		t.Errorf("after compaction the record differs in %s", diff)
	}
	type key struct {
		second int
		tag    string
	}
	var keys []key
	parser := newLogParser(testT0())
	if _, err := lines.Parse(filepath.Join(dir, latencyFile), func(text []byte) error {
		line, found, err := parser.parse(text)
		if found {
			keys = append(keys, key{line.second, line.tag.String()})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 5*6 {
		t.Errorf("%d lines, wanted 30", len(keys))
	}
	for i := 1; i < len(keys); i++ {
		a, b := keys[i-1], keys[i]
		if a.second > b.second || a.second == b.second && a.tag >= b.tag {
			t.Errorf("%v stands before %v", a, b)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are still there: %v, %v", left, err)
	}
}

func TestSecondsBeforeTheStartAreKept(t *testing.T) {
	w, dir := create(t) // starts in second -3
	want := live(testInterval(-2), testInterval(-40), testInterval(0))
	write(t, w, testInterval(-2), testInterval(-40), testInterval(0))
	if diff := differ(open(t, dir), want); diff != "" {
		t.Errorf("the running record differs in %s", diff)
	}
	if text := string(readFile(t, filepath.Join(dir, latencyFile))); strings.Contains(text, ",-") {
		t.Error("the log has a negative time, which other readers take for a positive one")
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	if diff := differ(open(t, dir), want); diff != "" {
		t.Errorf("the closed record differs in %s", diff)
	}
}

func TestExistingDirectoryIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	writeFile(t, kept, []byte("x"))
	for _, path := range []string{dir, kept} {
		_, err := Create(path, testManifest(), nil)
		var exists *ExistsError
		if !errors.As(err, &exists) || exists.Dir != path {
			t.Errorf("creating %s: %v, wanted an ExistsError", path, err)
		}
	}
	if string(readFile(t, kept)) != "x" {
		t.Error("the existing file was touched")
	}
}

func TestImpossibleManifestIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Manifest){
		"no T0":       func(m *Manifest) { m.T0 = time.Time{} },
		"no start":    func(m *Manifest) { m.Start = time.Time{} },
		"years apart": func(m *Manifest) { m.Start = m.T0.AddDate(-3, 0, 0) },

		"a level without a rate":  func(m *Manifest) { m.Levels = []Level{{ToSeconds: 5}} },
		"a level that ends first": func(m *Manifest) { m.Levels = []Level{{RatePerSec: 1, HoldFromSeconds: 5, ToSeconds: 4}} },
		"a level judged too early": func(m *Manifest) {
			m.Levels = []Level{{RatePerSec: 1, FromSeconds: 5, HoldFromSeconds: 4, ToSeconds: 9}}
		},
		"a level years from now":    func(m *Manifest) { m.Levels = []Level{{RatePerSec: 1, ToSeconds: maxSecond + 1}} },
		"a level from the long ago": func(m *Manifest) { m.Levels = []Level{{RatePerSec: 1, FromSeconds: -maxSecond - 1}} },
	} {
		dir := filepath.Join(t.TempDir(), "run")
		m := testManifest()
		spoil(&m)
		if _, err := Create(dir, m, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: the directory was made", name)
		}
	}
}

func TestImpossibleIntervalsAreRefusedWhole(t *testing.T) {
	w, dir := create(t)
	for name, spoil := range map[string]func(*Interval){
		"dot in a step":     func(i *Interval) { i.Histograms[Tag{ResponseTime, "a.b", "ok"}] = NewHistogram() },
		"packed, the same":  func(i *Interval) { i.Packed = map[Tag]Packed{{ResponseTime, "a.b", "ok"}: {}} },
		"empty outcome":     func(i *Interval) { i.Histograms[Tag{ResponseTime, "a", ""}] = NewHistogram() },
		"blank in counters": func(i *Interval) { i.Steps["a b"] = &Counters{Due: 1} },
		"far second":        func(i *Interval) { i.Second = maxSecond + 1 },
		"no number":         func(i *Interval) { i.Generator.CPUSeconds = math.NaN() },
	} {
		interval := testInterval(0)
		spoil(&interval)
		if err := w.Write(interval); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	write(t, w, testInterval(1))
	if diff := differ(open(t, dir), live(testInterval(1))); diff != "" {
		t.Errorf("something of a refused interval was written: %s", diff)
	}
}

func TestUpdate(t *testing.T) {
	w, dir := create(t)
	if err := w.Update(func(m *Manifest) { m.Agents[0].Finished = true }); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(func(m *Manifest) { m.Agents[0].Lost, m.T0 = true, m.T0.Add(time.Second) }); err == nil {
		t.Error("T0 was moved under the record")
	}
	m := open(t, dir).Manifest
	if !m.Agents[0].Finished || m.Agents[0].Lost || !m.T0.Equal(testT0()) {
		t.Errorf("manifest is %+v", m)
	}
	if m.End != nil {
		t.Error("the run has an end before it ended")
	}
}

// Levels are in run.json as soon as they are known; those that are refused leave the others as they are.
func TestUpdateOfLevels(t *testing.T) {
	w, dir := create(t)
	one := Level{RatePerSec: 12.5, FromSeconds: 2, HoldFromSeconds: 7, ToSeconds: 22, EndSeconds: 24, Drained: true, Verdict: LevelFail, Why: "too slow"}
	for _, l := range []Level{one, {RatePerSec: -1}} {
		err := w.Update(func(m *Manifest) { m.Levels = append(m.Levels, l) })
		if (err == nil) != (l == one) {
			t.Errorf("%+v: %v", l, err)
		}
		if got := open(t, dir).Manifest.Levels; len(got) != 1 || got[0] != one {
			t.Errorf("levels are %+v, wanted %+v", got, one)
		}
	}
	if hold := one.Hold(); hold != (Window{From: 7, To: 22}) {
		t.Errorf("the hold is %v", hold)
	}
}

func TestClosedWriterRefuses(t *testing.T) {
	w, dir := create(t)
	if err := w.Close(End{Reason: Interrupted}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"Write":  w.Write(testInterval(0)),
		"Told":   w.Told(Order{ID: "x"}),
		"Raw":    w.Raw(&vegeta.Result{}),
		"Update": w.Update(func(*Manifest) {}),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close: %v, wanted os.ErrClosed", name, err)
		}
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if end := open(t, dir).Manifest.End; end == nil || end.Reason != Interrupted {
		t.Errorf("end is %+v", end)
	}
}

func TestManyGoroutines(t *testing.T) {
	w, dir := create(t)
	const users, each = 8, 50
	var wait sync.WaitGroup
	for user := range users {
		wait.Go(func() {
			for i := range each {
				if err := w.Told(Order{ID: "o", User: string(rune('a' + user)), Quantity: i}); err != nil {
					t.Error(err)
				}
				if err := w.Raw(&vegeta.Result{Code: 200, Timestamp: testT0(), Latency: time.Millisecond}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for second := range 5 {
		write(t, w, testInterval(second))
	}
	wait.Wait()
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	if told := len(open(t, dir).Ledger.Told); told != users*each {
		t.Errorf("%d orders told, wanted %d", told, users*each)
	}
	decode := vegeta.NewDecoder(bytes.NewReader(readFile(t, filepath.Join(dir, resultsFile))))
	for n := 0; ; n++ {
		var result vegeta.Result
		if err := decode(&result); errors.Is(err, io.EOF) {
			if n != users*each {
				t.Errorf("vegeta reads %d results, wanted %d", n, users*each)
			}
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if result.Code != 200 || result.Latency != time.Millisecond {
			t.Fatalf("vegeta reads %+v", result)
		}
	}
}

func TestResultsFileIsMadeOnFirstUse(t *testing.T) {
	w, dir := create(t)
	write(t, w, testInterval(0))
	if _, err := os.Stat(filepath.Join(dir, resultsFile)); !os.IsNotExist(err) {
		t.Errorf("results.bin without a result: %v", err)
	}
}

func TestLedgerIsFlushedWithTheSecond(t *testing.T) {
	w, dir := create(t)
	if err := errors.Join(w.Told(Order{ID: "o1", User: "u", SKU: "s"}), w.LedgerError("no ledger there")); err != nil {
		t.Fatal(err)
	}
	write(t, w, Interval{Second: 0})
	text := string(readFile(t, filepath.Join(dir, ledgerFile)))
	want := `{"type":"told","order_id":"o1","user":"u","sku":"s"}` + "\n" + `{"type":"error","error":"no ledger there"}` + "\n"
	if text != want {
		t.Errorf("ledger is %q, wanted %q", text, want)
	}
	if ledger := open(t, dir).Ledger; ledger.Read || ledger.Error != "no ledger there" {
		t.Errorf("ledger is %+v", ledger)
	}
}

func TestCounterLines(t *testing.T) {
	w, dir := create(t)
	write(t, w, testInterval(-3), Interval{Second: -2})
	lines := strings.Split(strings.TrimSpace(string(readFile(t, filepath.Join(dir, countersFile)))), "\n")
	if len(lines) != 3+6 {
		t.Fatalf("lines are %q, wanted two steps, the generator and six histograms, and none for what did nothing", lines)
	}
	if want := `{"second":-3,"tag":"response_time.order.error","times":{"count":15,"min_ns":3000000,"max_ns":45000000,"sum_ns":360000000}}`; lines[3] != want {
		t.Errorf("figures are %s, wanted %s", lines[3], want)
	}
	var step struct {
		Second int    `json:"second"`
		Step   string `json:"step"`
		Due    uint64 `json:"due"`
	}
	if err := json.Unmarshal([]byte(lines[1]), &step); err != nil || step.Second != -3 || step.Step != "order" || step.Due != 9 {
		t.Errorf("second line is %s", lines[1])
	}
	if !strings.HasPrefix(lines[2], `{"second":-3,"generator":{"cpu_seconds":0.25,`) {
		t.Errorf("third line is %s", lines[2])
	}
}
