//go:build long

package cmd_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record"
)

// The kill suite: sixty times a process is killed at an instant drawn at random. What it had measured until a second before
// is on record, and nothing is there twice. KILL_SEED repeats a run.
//
//	make kill

// TestKillAnywhere kills an attack of one process.
func TestKillAnywhere(t *testing.T) {
	draw := killDraws(t)
	for i := range 36 {
		after := time.Duration(200+draw.IntN(3800)) * time.Millisecond
		t.Run(fmt.Sprintf("%d after %s", i+1, after), func(t *testing.T) {
			t.Parallel()
			killAttack(t, after)
		})
	}
}

// answeredAt is a target that notes when it answered which path for the first time.
type answeredAt struct {
	mu    sync.Mutex
	first map[string]time.Time
}

func (a *answeredAt) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first[r.URL.Path] = time.Now()
}

// before returns how many paths were answered before an instant.
func (a *answeredAt) before(at time.Time) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, when := range a.first {
		if when.Before(at) {
			n++
		}
	}
	return n
}

func killAttack(t *testing.T, after time.Duration) {
	target := &answeredAt{first: map[string]time.Time{}}
	listening := httptest.NewServer(target)
	t.Cleanup(listening.Close)
	dir := t.TempDir()
	scenario, run := filepath.Join(dir, "fleet.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(scenario, []byte(strings.ReplaceAll(fleetScenario, "T0+6s", "T0+40s")), 0o644); err != nil {
		t.Fatal(err)
	}
	c, out := start(t, run, scenario, "--target", listening.URL, "--raw")
	for end := time.Now().Add(30 * time.Second); target.before(time.Now()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no user came within 30 s\n%s", out)
		}
	}
	time.Sleep(after)
	killed := time.Now()
	_ = c.Process.Kill()
	_ = c.Wait()
	fsctl(t, 105, "report", run)
	r, err := record.Open(run)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const lost = 1500 * time.Millisecond // the last second, and what it takes to write it on a busy machine
	done, least, most := int(r.Counters(record.Everything, "").Done), target.before(killed.Add(-lost)), target.before(time.Now())
	if done < least || done > most {
		t.Errorf("killed after %s: %d requests on record, wanted at least the %d answered %s before, at most the %d of all", after, done, least, lost, most)
	}
	if n := int(r.Count(record.Everything, func(tag record.Tag) bool { return tag.Metric == record.ResponseTime })); n > most {
		t.Errorf("killed after %s: %d response times of %d requests", after, n, most)
	}
	if raw := filepath.Join(run, "results.bin"); least > 0 || exists(raw) { // before the first second is over there may be none
		eachRaw(t, raw, target)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// eachRaw checks that every request in the raw results came to the target, and is there once. The last may be cut off.
func eachRaw(t *testing.T, path string, target *answeredAt) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen, decode := map[string]bool{}, vegeta.NewDecoder(f)
	for {
		var r vegeta.Result
		if err := decode.Decode(&r); err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v", path, err)
			}
			return
		}
		name := r.URL[strings.Index(r.URL, "/u/"):]
		if seen[name] {
			t.Errorf("%s is in the raw results twice", name)
		}
		seen[name] = true
		if _, came := target.first[name]; !came && r.Code == 200 {
			t.Errorf("%s is in the raw results and did not come", name)
		}
	}
}

// TestKillAgentAnywhere kills one agent of eight: its share is accounted for to the user.
func TestKillAgentAnywhere(t *testing.T) {
	killInFleet(t, func(t *testing.T, b *fleetTest, users int) {
		c := b.attack("run", b.listening()...)
		lone, _ := b.fleet()
		b.await(users)
		lone.kill()
		var reported uint64
		r := b.ends(c, 113)
		for _, a := range r.Manifest.Agents {
			reported += a.ReportedArrivals
			if a.ReportedArrivals+a.InDoubtArrivals+a.UnsentArrivals != a.PlannedArrivals {
				t.Errorf("%+v does not add up", a)
			}
		}
		if n := r.Counters(record.Everything, ""); n.Due != reported || n.Done > n.Due {
			t.Errorf("%d due and %d done in the record, %d users reported", n.Due, n.Done, reported)
		}
		b.once()
	})
}

// TestKillCoordinatorAnywhere kills the coordinator, with the bus in it, and resumes: the record is whole.
func TestKillCoordinatorAnywhere(t *testing.T) {
	killInFleet(t, func(t *testing.T, b *fleetTest, users int) {
		c := b.attack("first", b.listening()...)
		b.fleet()
		b.await(users)
		c.kill()
		b.whole(b.ends(b.attack("second", append(b.listening(), "--resume", b.path("first"))...), 0))
	})
}

// killInFleet runs a test with twelve fleets, in each of which something is killed once so many users have come.
func killInFleet(t *testing.T, test func(t *testing.T, b *fleetTest, users int)) {
	draw := killDraws(t)
	for i := range 12 {
		users := 1 + draw.IntN(fleetUsers-400)
		t.Run(fmt.Sprintf("%d after %d users", i+1, users), func(t *testing.T) {
			t.Parallel()
			test(t, newFleetTest(t, released(t)), users)
		})
	}
}

// once checks that each user who came to the target came once.
func (b *fleetTest) once() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for path, n := range b.asked {
		if n != 1 {
			b.t.Errorf("%s was asked for %d times", path, n)
		}
	}
}

// killDraws returns the draws of a test, whose seed is logged.
func killDraws(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("KILL_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatalf("KILL_SEED: found %q, wanted a whole number", text)
		}
	}
	t.Logf("KILL_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}
