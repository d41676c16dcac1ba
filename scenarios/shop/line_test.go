package shop

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkersServeInOrderAndNeverMoreAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, requests = 3, 20
		const each = 10 * time.Millisecond
		s := open(t, Config{Items: 1, Workers: workers, ServiceTime: each})
		start := time.Now()
		var mu sync.Mutex
		var done []int
		took := make([]time.Duration, requests)
		for i := range requests {
			go func() {
				call{method: "GET", path: "/items"}.to(s)
				mu.Lock()
				defer mu.Unlock()
				done = append(done, i)
				took[i] = time.Since(start)
			}()
			synctest.Wait() // so that they join in this order
		}
		if busy, waiting, _ := s.line.load(); busy != workers || waiting != requests-workers {
			t.Fatalf("%d served and %d waiting, want %d and %d", busy, waiting, workers, requests-workers)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for i, d := range took {
			if want := time.Duration(i/workers+1) * each; d != want {
				t.Errorf("request %d was done after %v, want %v", i, d, want)
			}
		}
		for round := range slices.Chunk(done, workers) {
			if slices.Max(round)-slices.Min(round) != len(round)-1 {
				t.Errorf("done in the order %v, want first in, first out", done)
				break
			}
		}
		busy, waiting, worked := s.line.load()
		if busy != 0 || waiting != 0 || worked != requests*each || s.Truth().Busy != worked {
			t.Errorf("at the end %d served, %d waiting, %v worked, want 0, 0, %v", busy, waiting, worked, requests*each)
		}
	})
}

func TestNoWorkerLimitMeansNoQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, ServiceTime: time.Second})
		start := time.Now()
		var all sync.WaitGroup
		for range 500 {
			all.Go(func() { call{method: "GET", path: "/nowhere"}.to(s) })
		}
		all.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want all at once in 1s", took)
		}
	})
}

func TestWatchingNeedsNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Workers: 1, ServiceTime: time.Hour})
		go call{method: "GET", path: "/items"}.to(s)
		synctest.Wait()
		start := time.Now()
		for _, path := range []string{"/ledger", "/metrics", "/healthz"} {
			if w := (call{method: "GET", path: path}).to(s); w.Code != 200 || time.Since(start) != 0 {
				t.Errorf("%s: got %d after %v, want 200 at once", path, w.Code, time.Since(start))
			}
		}
		time.Sleep(time.Hour)
	})
}

func TestWhoeverGoesAwayLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Stock: 9, Workers: 1, ServiceTime: time.Second})
		visit := func(ctx context.Context, finished *time.Duration) {
			start := time.Now()
			go func() {
				s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/items", nil))
				*finished = time.Since(start)
			}()
			synctest.Wait()
		}
		patient := context.Background()
		hasty, leave := context.WithCancel(patient)
		var first, second, third, fourth time.Duration
		visit(patient, &first)
		visit(hasty, &second)
		visit(patient, &third)
		visit(hasty, &fourth)
		time.Sleep(time.Second / 2)
		leave()
		synctest.Wait()
		if _, waiting, _ := s.line.load(); waiting != 1 {
			t.Errorf("%d wait after two of three left, want 1", waiting)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if first != time.Second || second != time.Second/2 || third != 2*time.Second || fourth != time.Second/2 {
			t.Errorf("finished after %v, %v, %v, %v, want 1s, 500ms, 2s, 500ms", first, second, third, fourth)
		}
		if got := s.Truth().Busy; got != 2*time.Second {
			t.Errorf("busy for %v, want 2s: those who left cost nothing", got)
		}
	})
}

// A service that has begun ends, with its order placed, whether or not its client waits for it.
func TestServiceOutlivesItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line{workers: 1}
		ctx, leave := context.WithCancel(context.Background())
		start, err := l.enter(ctx)
		leave()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("entered a full line with a dead context: %v", err)
		}
		l.leave(start, start.Add(time.Second))
		if busy, waiting, worked := l.load(); busy != 0 || waiting != 0 || worked != time.Second {
			t.Errorf("got %d, %d, %v, want 0, 0, 1s", busy, waiting, worked)
		}
	})
}

// A late timer must not cost capacity: who waited starts when the worker was due to be free.
func TestLineKeepsItsTimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line{workers: 1}
		opened := time.Now()
		start, _ := l.enter(t.Context())
		starts := make(chan time.Duration, 2)
		next := func() {
			go func() {
				at, _ := l.enter(t.Context())
				starts <- at.Sub(opened)
			}()
			synctest.Wait()
		}
		next()                            // waits from 0
		time.Sleep(15 * time.Millisecond) // due at 10, let go at 17
		next()                            // waits from 15
		time.Sleep(2 * time.Millisecond)
		l.leave(start, opened.Add(10*time.Millisecond))
		if at := <-starts; at != 10*time.Millisecond {
			t.Errorf("started at %v, want 10ms, when the worker was due", at)
		}
		l.leave(opened.Add(10*time.Millisecond), opened.Add(12*time.Millisecond))
		if at := <-starts; at != 15*time.Millisecond {
			t.Errorf("started at %v, want 15ms, when it joined", at)
		}
	})
}

// Who gives up at the instant of being called passes the worker on.
func TestNoWorkerIsLostAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line{workers: 1}
		start, _ := l.enter(t.Context())
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := l.enter(ctx); gone <- err }()
		synctest.Wait()
		next := make(chan time.Time, 1)
		go func() { at, _ := l.enter(t.Context()); next <- at }()
		synctest.Wait()

		l.mu.Lock() // so that the one who leaves finds the call already there
		leave()
		l.pass(start)
		l.mu.Unlock()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the place given up", err)
		}
		synctest.Wait()
		select {
		case <-next:
		default:
			t.Fatal("the next in the line was not called")
		}
		l.leave(start, start)
		if busy, waiting, _ := l.load(); busy != 0 || waiting != 0 {
			t.Errorf("at the end %d busy and %d waiting, want none", busy, waiting)
		}
	})
}

func TestLineSurvivesACrowdThatComesAndGoes(t *testing.T) {
	const workers = 2
	l := line{workers: workers}
	var crowd sync.WaitGroup
	for i := range 2000 {
		crowd.Go(func() {
			ctx, leave := context.WithCancel(context.Background())
			defer leave()
			if i%2 == 0 {
				go leave()
			}
			if start, err := l.enter(ctx); err == nil {
				if busy, _, _ := l.load(); busy > workers {
					t.Errorf("%d workers are busy, want at most %d", busy, workers)
				}
				l.leave(start, start)
			}
		})
	}
	crowd.Wait()
	if busy, waiting, _ := l.load(); busy != 0 || waiting != 0 || l.first != nil || l.last != nil {
		t.Errorf("at the end %d busy and %d waiting, want none", busy, waiting)
	}
}
